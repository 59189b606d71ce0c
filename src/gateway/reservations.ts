/** Uses of challenges whose transaction will neither spend them nor give them back. */
import { isRelayReservation } from '../challenge/index.js';
import type {
  ChallengeStore,
  EnrollmentStore,
  Reservation,
  TransactionRowId,
} from '../store/index.js';
import { messageOf } from '../errors/index.js';
import { logAudit, type Log } from '../telemetry/index.js';
import { ownAudit } from './own-audit.js';

export interface ReservationDependencies {
  readonly challenges: Pick<ChallengeStore, 'idleReservations' | 'reclaim' | 'confirm'>;
  readonly enrollments: Pick<EnrollmentStore, 'transaction' | 'appendAudit'>;
  /** So long a finished transaction is there at least. */
  readonly transactionDays: number;
  readonly clock: () => Date;
  readonly log: Log;
  /** Reservations that a round looks at; each is a query, and the rest of the upkeep waits. Default 1000. */
  readonly lookedAtMost?: number;
}

/** Begins where the round before has ended; resolves soon after `signal` is aborted. */
export type ReservationSweep = (signal: AbortSignal) => Promise<void>;

const day = 24 * 3_600_000;
/**
 * From a reservation to its transaction there is a moment; to that of a process that was asleep in between,
 * as long as it slept. After a day no device waits any more, and what was sent through it is cut.
 */
const idleMillis = day;
/** In a round: so many are a fault of the database, and not of the reservations. */
const faultsAtMost = 5;

/**
 * Settles what a process that died, or a challenge server that was away, left reserved: what a finished
 * transaction holds is spent, what none holds is given back. A transaction that may have been and is dropped
 * since (`data.retention`) has spent it: no challenge opens twice.
 */
export function createReservationSweep(dependencies: ReservationDependencies): ReservationSweep {
  const { challenges, clock, log, lookedAtMost = 1000 } = dependencies;
  let left: { before: Date; reservations: AsyncIterator<Reservation> } | undefined;

  const round = async (signal: AbortSignal, faults: unknown[]) => {
    if (!left) {
      const before = new Date(clock().getTime() - idleMillis);
      left = { before, reservations: each(challenges.idleReservations(before), signal) };
    }
    const { before, reservations } = left;
    for (let looked = 0; looked < lookedAtMost && faults.length < faultsAtMost; looked++) {
      const next = await reservations.next();
      if (next.done === true) {
        left = undefined;
        return;
      }
      await settle(dependencies, next.value, before).catch((error: unknown) => faults.push(error));
    }
  };

  return async (signal) => {
    const faults: unknown[] = [];
    try {
      await round(signal, faults);
    } catch (error) {
      left = undefined;
      throw error;
    } finally {
      if (faults.length > 0)
        log.error('reserved uses of challenges could not be settled', {
          count: faults.length,
          error: messageOf(faults[0]),
        });
    }
  };
}

async function* each(
  parts: AsyncIterable<readonly Reservation[]>,
  signal: AbortSignal,
): AsyncGenerator<Reservation> {
  for await (const part of parts)
    for (const reservation of part) {
      if (signal.aborted) return;
      yield reservation;
    }
}

async function settle(
  { challenges, enrollments, transactionDays, clock, log }: ReservationDependencies,
  { challenge, transaction, createdAt }: Reservation,
  before: Date,
): Promise<void> {
  if (isRelayReservation(transaction)) return;
  const tell = async (event: string, reason: string) => {
    const record = ownAudit({ at: clock(), event, challengeId: challenge, reason });
    await enrollments.appendAudit(record);
    logAudit(log, record);
  };
  const holder = await enrollments.transaction(transaction as TransactionRowId);
  const isFinished = holder?.state.kind === 'issued' || holder?.state.kind === 'rejected';
  if (holder && !isFinished) return;
  const mayBeDropped = clock().getTime() - createdAt.getTime() >= transactionDays * day;
  if (isFinished || mayBeDropped) {
    await challenges.confirm(challenge, transaction);
    const why = isFinished ? 'is finished' : 'may have been here, and is too old to be still';
    await tell('challenge.spent-late', `Its transaction ${why}.`);
    return;
  }
  if (!(await challenges.reclaim(challenge, transaction, before))) return;
  await tell('challenge.given-back-late', 'Its transaction was never begun, or came to nothing.');
}
