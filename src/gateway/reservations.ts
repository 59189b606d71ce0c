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
import { endOfReservation, type ReservationView } from './reservation-end.js';

export interface ReservationDependencies extends Pick<
  ReservationView,
  'recordsSince' | 'transactionDays'
> {
  readonly challenges: Pick<ChallengeStore, 'idleReservations' | 'reclaim' | 'confirm'>;
  readonly enrollments: Pick<EnrollmentStore, 'transaction' | 'appendAudit'>;
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

/** Settles what a process that died, or a challenge server that was away, left reserved. */
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
  for await (const part of parts) {
    for (const reservation of part) {
      if (signal.aborted) return;
      yield reservation;
    }
    if (signal.aborted) return;
  }
}

async function settle(
  { challenges, enrollments, log, ...dependencies }: ReservationDependencies,
  reservation: Reservation,
  before: Date,
): Promise<void> {
  const { challenge, transaction } = reservation;
  const holder = isRelayReservation(transaction)
    ? undefined
    : await enrollments.transaction(transaction as TransactionRowId);
  const now = dependencies.clock();
  const end = endOfReservation(reservation, holder, { ...dependencies, now });
  if (!end) return;
  if (end.kind === 'spent') await challenges.confirm(challenge, transaction);
  else if (!(await challenges.reclaim(challenge, transaction, before))) return;
  const event = `challenge.${end.kind}-late`;
  const record = ownAudit({ at: now, event, challengeId: challenge, reason: end.reason });
  await enrollments.appendAudit(record);
  logAudit(log, record);
}
