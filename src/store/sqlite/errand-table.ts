/** What the gateway has to do about transactions by itself, and who works on which. */
import type {
  BacklogGroup,
  DueFilter,
  Hold,
  TransactionRecord,
  TransactionRowId,
} from '../transaction-store.js';
import {
  backlogGroupFromRow,
  isConcluded,
  isPending,
  isQueued,
  longestDueFirst,
  transactionFromRow,
} from '../sql/transaction-row.js';
import type { Database } from './database.js';

const isFree = '(held_until IS NULL OR held_until <= ?)';

export function isAnythingDue(db: Database, now: Date): boolean {
  return (
    db.get(
      `SELECT row FROM transactions WHERE due_at IS NOT NULL AND due_at <= ? AND ${isFree} LIMIT 1`,
      now,
      now,
    ) !== undefined
  );
}

/** Inside a write. */
export function holdTransaction(
  db: Database,
  id: TransactionRowId,
  hold: Hold,
  now: Date,
): TransactionRecord | undefined {
  const row = db.get(
    `UPDATE transactions SET holder = ?, held_until = ?
     WHERE id = ? AND NOT (${isConcluded}) AND (${isFree} OR holder = ?) RETURNING *`,
    hold.holder,
    hold.until,
    id,
    now,
    hold.holder,
  );
  return row && transactionFromRow(row);
}

/** Inside a write. */
export function holdDueTransactions(
  db: Database,
  { now, of, limit }: DueFilter,
  hold: Hold,
): TransactionRecord[] {
  const [whose, name] =
    'issuer' in of ? ['issuer = ?', of.issuer] : ['issuer IS NULL AND profile = ?', of.profile];
  return db
    .all(
      `UPDATE transactions SET holder = ?, held_until = ? WHERE row IN (
         SELECT row FROM transactions
         WHERE due_at IS NOT NULL AND due_at <= ? AND ${isFree} AND ${whose}
         ORDER BY due_at LIMIT ?)
       RETURNING *`,
      hold.holder,
      hold.until,
      now,
      now,
      name,
      limit,
    )
    .map(transactionFromRow)
    .sort(longestDueFirst);
}

export function backlogGroups(db: Database): BacklogGroup[] {
  return db
    .all(
      `SELECT profile, issuer, state, count(*) AS n, min(created_at) AS oldest FROM transactions
       WHERE ${isPending} GROUP BY profile, issuer, state ORDER BY profile, issuer, state`,
    )
    .map(backlogGroupFromRow);
}

export function queuedTransactions(db: Database, before: Date, limit: number): TransactionRecord[] {
  return db
    .all(
      `SELECT * FROM transactions WHERE ${isQueued} AND created_at < ?
       ORDER BY created_at LIMIT ?`,
      before,
      limit,
    )
    .map(transactionFromRow);
}
