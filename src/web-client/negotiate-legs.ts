/** Kerberos in `Negotiate` (RFC 4559). */
import { isGatewayError } from '../errors/index.js';
import { done, tokenOf, unreachable, whole, type Attempt, type Errand } from './attempt.js';
import { offeredSchemes } from './offered-schemes.js';
import type { GssInitiator, WebCredential, WebOutcome } from './web-client.types.js';

const mostLegs = 5;

/** As a rule one leg (RFC 4559 §4.1), so the body goes along; a 401 says that it was not carried out. */
export async function withNegotiate(
  errand: Errand,
  credential: Extract<WebCredential, { kind: 'negotiate' }>,
  host: string,
): Promise<Attempt> {
  const { initiators, spn = `HTTP/${host}` } = credential;
  const { channelBinding } = errand.connection;
  let initiator: GssInitiator | undefined;
  try {
    initiator = await initiators.create({ spn, channelBinding });
    return await negotiate(errand, initiator);
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    const reason = [error.message, error.mend].filter(Boolean).join(' ');
    // Tried over and over, a wrong key locks the account as a wrong password does.
    return refusals.has(error.code)
      ? done({ kind: 'login-refused', scheme: 'negotiate', offered: [], reason })
      : done(unreachable(reason));
  } finally {
    initiator?.close();
  }
}

/** Waiting alone mends neither. */
const refusals: ReadonlySet<string> = new Set(['kerberos.refused', 'kerberos.credentials']);

async function negotiate(errand: Errand, initiator: GssInitiator): Promise<Attempt> {
  let token = await initiator.step(undefined);
  for (let legs = 0; ; legs++) {
    const authorization = `Negotiate ${(token ?? Buffer.alloc(0)).toString('base64')}`;
    const attempt = await whole(errand, authorization);
    if (attempt.kind === 'done') {
      const { outcome } = attempt;
      if (outcome.kind !== 'answered') return attempt;
      const doubt = await mutualDoubt(initiator, outcome);
      return doubt === undefined
        ? attempt
        : done({ kind: 'unknown', phase: 'answer', reason: doubt });
    }
    const next = tokenOf(offeredSchemes(attempt.answer.rawHeaders), 'Negotiate');
    if (next === undefined || legs === mostLegs || !errand.connection.isOpen()) return attempt;
    token = await initiator.step(next);
    if (token === undefined) return attempt;
  }
}

/** The last token of the server proves who it is (RFC 4559 §5). Undefined: no doubt, or no token to judge. */
async function mutualDoubt(
  initiator: GssInitiator,
  { headers }: Extract<WebOutcome, { kind: 'answered' }>,
): Promise<string | undefined> {
  const field = headers['www-authenticate'];
  if (field === undefined) return undefined;
  const token = tokenOf(offeredSchemes(['www-authenticate', field]), 'Negotiate');
  if (token === undefined) return undefined;
  try {
    await initiator.step(token);
    return undefined;
  } catch (error) {
    if (isGatewayError(error)) return `the server does not prove who it is: ${error.message}`;
    throw error;
  }
}
