import { setTimeout as delay } from 'node:timers/promises';
import { isGatewayError } from '../../errors/index.js';
import type { ScepOutcome } from '../../scep/index.js';
import { note } from '../terminal.js';
import { messageOptions } from './connection.js';
import type { EnrollmentWork } from './enrollment-work.js';
import { keepPending } from './pending-file.js';

/**
 * Polls until there is a decision or `--wait` is over; the pending file stands before the first poll, so
 * that nothing is lost when the process is.
 */
export async function pollUntilDecided(work: EnrollmentWork): Promise<ScepOutcome> {
  const { flags, pending, keyFile } = work;
  await keepPending(keyFile, pending);
  const started = Date.now();
  const end = started + flags.wait * 1000;
  const first = flags.poll ? await poll(work) : undecided(work);
  for (let outcome = first; ; outcome = await poll(work)) {
    const left = end - Date.now();
    if (outcome.kind !== 'pending' || left <= 0) return outcome;
    note(`pending for ${Math.round((Date.now() - started) / 1000)} s; asking again`);
    await delay(Math.min(flags.interval * 1000, left));
  }
}

/** A server that cannot be reached now decides later. */
async function poll(work: EnrollmentWork): Promise<ScepOutcome> {
  const { connection, pending, signer, flags } = work;
  try {
    return await connection.client.poll(connection.session, {
      ...messageOptions({ ...pending, ...flags }, signer),
      csr: Buffer.from(pending.csr, 'base64'),
      transactionId: pending.transactionId,
    });
  } catch (error) {
    if (flags.wait === 0 || !isGatewayError(error) || error.code !== 'scep.unreachable')
      throw error;
    note(error.message);
    return undecided(work);
  }
}

function undecided({ pending: { transactionId } }: EnrollmentWork): ScepOutcome {
  return { kind: 'pending', transactionId };
}
