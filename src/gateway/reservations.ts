/** Uses of challenges whose transaction will neither spend them nor give them back. */
import { isRelayReservation } from '../challenge/index.js';
import type {
  ChallengeStore,
  EnrollmentStore,
  Reservation,
  TransactionRowId,
} from '../store/index.js';
import { logAudit, type Log } from '../telemetry/index.js';
import { ownAudit } from './own-audit.js';

export interface ReservationDependencies {
  readonly challenges: Pick<ChallengeStore, 'idleReservations' | 'reclaim' | 'confirm'>;
  readonly enrollments: Pick<EnrollmentStore, 'transaction' | 'appendAudit'>;
  /** So long a finished transaction is there at least. */
  readonly transactionDays: number;
  readonly clock: () => Date;
  readonly log: Log;
}

const day = 24 * 3_600_000;
/**
 * From a reservation to its transaction there is a moment; to that of a process that was asleep in between,
 * as long as it slept. After a day no device waits any more, and what was sent through it is cut.
 */
const idleMillis = day;
/** In a round: whoever ends the gateway waits for it. */
const settledAtMost = 500;

/**
 * Settles what a process that died, or a challenge server that was away, left reserved: what a finished
 * transaction holds is spent, what none holds is given back. A transaction that may have been and is dropped
 * since (`data.retention`) has spent it: no challenge opens twice.
 */
export async function settleReservations(dependencies: ReservationDependencies): Promise<void> {
  const { challenges, clock } = dependencies;
  const before = new Date(clock().getTime() - idleMillis);
  let settled = 0;
  for await (const part of challenges.idleReservations(before)) {
    for (const reservation of part) {
      if (await settle(dependencies, reservation, before)) settled++;
      if (settled === settledAtMost) return;
    }
  }
}

/** False when it was left as it is. */
async function settle(
  { challenges, enrollments, transactionDays, clock, log }: ReservationDependencies,
  { challenge, transaction, createdAt }: Reservation,
  before: Date,
): Promise<boolean> {
  if (isRelayReservation(transaction)) return false;
  const tell = async (event: string, reason: string) => {
    const record = ownAudit({ at: clock(), event, challengeId: challenge, reason });
    await enrollments.appendAudit(record);
    logAudit(log, record);
  };
  const holder = await enrollments.transaction(transaction as TransactionRowId);
  const isFinished = holder?.state.kind === 'issued' || holder?.state.kind === 'rejected';
  if (holder && !isFinished) return false;
  const mayBeDropped = clock().getTime() - createdAt.getTime() >= transactionDays * day;
  if (isFinished || mayBeDropped) {
    await challenges.confirm(challenge, transaction);
    const why = isFinished ? 'is finished' : 'may have been here, and is too old to be still';
    await tell('challenge.spent-late', `Its transaction ${why}.`);
    return true;
  }
  if (!(await challenges.reclaim(challenge, transaction, before))) return false;
  await tell('challenge.given-back-late', 'Its transaction was never begun, or came to nothing.');
  return true;
}
