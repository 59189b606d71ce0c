/** What the gateway has to do about transactions by itself, and who works on which. */
import {
  backlogGroupFromRow,
  isConcluded,
  isPending,
  isQueued,
  longestDueFirst,
  transactionFromRow,
} from '../sql/transaction-row.js';
import type {
  BacklogGroup,
  DueFilter,
  Hold,
  TransactionRecord,
  TransactionRowId,
} from '../transaction-store.js';
import type { Session } from './session.js';
import { transactionFields } from './transaction-table.js';

const isFree = '(held_until IS NULL OR held_until <= ?)';

export async function isAnythingDue(session: Session, now: Date): Promise<boolean> {
  const row = await session.get(
    `SELECT seq FROM transactions WHERE due_at <= ? AND ${isFree} LIMIT 1`,
    now,
    now,
  );
  return row !== undefined;
}

/** One statement: who had to wait for the row finds it taken. */
export async function holdTransaction(
  session: Session,
  id: TransactionRowId,
  hold: Hold,
  now: Date,
): Promise<TransactionRecord | undefined> {
  const row = await session.get(
    `UPDATE transactions SET holder = ?, held_until = ?
     WHERE id = ? AND NOT (${isConcluded}) AND (${isFree} OR holder = ?)
     RETURNING ${transactionFields}`,
    hold.holder,
    hold.until,
    id,
    now,
    hold.holder,
  );
  return row && transactionFromRow(row);
}

/** One statement, which passes by what another is just taking. */
export async function holdDueTransactions(
  session: Session,
  { now, of, limit }: DueFilter,
  hold: Hold,
): Promise<TransactionRecord[]> {
  const [whose, name] =
    'issuer' in of ? ['issuer = ?', of.issuer] : ['issuer IS NULL AND profile = ?', of.profile];
  const rows = await session.all(
    `UPDATE transactions SET holder = ?, held_until = ? WHERE seq IN (
       SELECT seq FROM transactions WHERE due_at <= ? AND ${isFree} AND ${whose}
       ORDER BY due_at LIMIT ? FOR UPDATE SKIP LOCKED)
     RETURNING ${transactionFields}`,
    hold.holder,
    hold.until,
    now,
    now,
    name,
    limit,
  );
  return rows.map(transactionFromRow).sort(longestDueFirst);
}

export async function backlogGroups(session: Session): Promise<BacklogGroup[]> {
  const rows = await session.all(
    `SELECT profile, issuer, state, count(*) AS n, min(created_at) AS oldest FROM transactions
     WHERE ${isPending} GROUP BY profile, issuer, state
     ORDER BY profile, issuer NULLS FIRST, state`,
  );
  return rows.map(backlogGroupFromRow);
}

export async function queuedTransactions(
  session: Session,
  before: Date,
  limit: number,
): Promise<TransactionRecord[]> {
  const rows = await session.all(
    `SELECT ${transactionFields} FROM transactions WHERE ${isQueued} AND created_at < ?
     ORDER BY created_at LIMIT ?`,
    before,
    limit,
  );
  return rows.map(transactionFromRow);
}
