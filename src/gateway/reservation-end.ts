import { isRelayReservation } from '../challenge/index.js';
import type { Reservation, TransactionRecord } from '../store/index.js';

/** What becomes of a use that was left neither spent nor given back, and why. */
export interface ReservationEnd {
  readonly kind: 'spent' | 'given-back';
  readonly reason: string;
}

export interface ReservationView {
  readonly now: Date;
  /** Since when the records know of every transaction. */
  readonly recordsSince: Date;
  /** So long a finished transaction is there at least. */
  readonly transactionDays: number;
}

const day = 24 * 3_600_000;

/**
 * What a finished transaction holds is spent, what none holds is given back: where the records would still
 * have it, for no challenge opens twice.
 *
 * @returns undefined while it may be spent yet
 */
export function endOfReservation(
  reservation: Reservation,
  holder: Pick<TransactionRecord, 'state'> | undefined,
  view: ReservationView,
): ReservationEnd | undefined {
  if (isRelayReservation(reservation.transaction)) return endOfRelayed(reservation, view);
  if (holder) {
    const isFinished = holder.state.kind === 'issued' || holder.state.kind === 'rejected';
    return isFinished ? { kind: 'spent', reason: 'Its transaction is finished.' } : undefined;
  }
  return wouldBeKnown(reservation, view)
    ? { kind: 'given-back', reason: 'Its transaction was never begun, or came to nothing.' }
    : { kind: 'spent', reason: 'Its transaction may have been here, and is forgotten since.' };
}

/** Its answer got lost. It is kept for its device as long as that may come, and then counts as used. */
function endOfRelayed(
  { expiresAt }: Reservation,
  { now }: ReservationView,
): ReservationEnd | undefined {
  if (expiresAt === undefined || now.getTime() - expiresAt.getTime() <= day) return undefined;
  return { kind: 'spent', reason: 'Its request was passed on, and no answer came.' };
}

/**
 * A challenge that was ordered is not older than what holds it. One of the configuration is older than nearly
 * everything: there the time of the use counts; whoever asked for it again began its transaction again.
 */
function wouldBeKnown(
  { createdAt, expiresAt, touchedAt }: Reservation,
  { now, recordsSince, transactionDays }: ReservationView,
): boolean {
  const begun = expiresAt === undefined ? touchedAt : createdAt;
  if (begun === undefined || begun < recordsSince) return false;
  return now.getTime() - begun.getTime() < transactionDays * day;
}
