import type {
  Conclusion,
  PendingFilter,
  TransactionKey,
  TransactionRecord,
  TransactionRowId,
} from '../transaction-store.js';
import { DEFAULT_SEARCH_LIMIT } from '../sql/search.js';
import { assignments, insertInto } from '../sql/statement.js';
import {
  conclusionColumns,
  isConcluded,
  isPending,
  transactionColumns,
  transactionFromRow,
} from '../sql/transaction-row.js';
import { Where } from '../sql/where.js';
import type { Database } from './database.js';

export function transactionByKey(db: Database, key: TransactionKey): TransactionRecord | undefined {
  const row = db.get(
    'SELECT * FROM transactions WHERE profile = ? AND transaction_id = ? AND purpose = ?',
    key.profile,
    key.transactionId,
    key.purpose,
  );
  return row && transactionFromRow(row);
}

export function transactionById(db: Database, id: TransactionRowId): TransactionRecord | undefined {
  const row = db.get('SELECT * FROM transactions WHERE id = ?', id);
  return row && transactionFromRow(row);
}

export function transactionsOf(
  db: Database,
  profile: string,
  transactionId: string,
): TransactionRecord[] {
  return db
    .all(
      'SELECT * FROM transactions WHERE profile = ? AND transaction_id = ? ORDER BY row DESC',
      profile,
      transactionId,
    )
    .map(transactionFromRow);
}

export function transactionByChallenge(
  db: Database,
  profile: string,
  challengeId: string,
  requestDigest: string,
): TransactionRecord | undefined {
  const row = db.get(
    `SELECT * FROM transactions WHERE challenge_id = ? AND profile = ? AND request_digest = ?
     ORDER BY row DESC LIMIT 1`,
    challengeId,
    profile,
    requestDigest,
  );
  return row && transactionFromRow(row);
}

export function pendingTransactions(db: Database, filter: PendingFilter): TransactionRecord[] {
  const pending = new Where().with(isPending);
  const where =
    filter.profile === undefined ? pending : pending.with('profile = ?', filter.profile);
  return db
    .all(
      `SELECT * FROM transactions ${where.sql} ORDER BY created_at, row LIMIT ?`,
      ...where.params,
      filter.limit ?? DEFAULT_SEARCH_LIMIT,
    )
    .map(transactionFromRow);
}

export function countPending(db: Database, profile: string): number {
  return db
    .one(`SELECT count(*) AS n FROM transactions WHERE ${isPending} AND profile = ?`, profile)
    .integer('n');
}

/** Inside a write. */
export function insertTransaction(db: Database, record: TransactionRecord): void {
  const { sql, params } = insertInto('transactions', transactionColumns(record));
  db.run(sql, ...params);
}

/** Inside a write. False when there is no such row, its answer stands, or it is not `holder`'s. */
export function updateState(db: Database, conclusion: Conclusion): boolean {
  const { transaction, holder } = conclusion;
  const { sql, params } = assignments(conclusionColumns(conclusion));
  return (
    db.run(
      `UPDATE transactions SET ${sql} WHERE id = ? AND NOT (${isConcluded}) AND (? IS NULL OR holder = ?)`,
      ...params,
      transaction,
      holder,
      holder,
    ) > 0
  );
}

/** Inside a write: for a row that another takes the place of, whatever its state. */
export function removeTransaction(db: Database, id: TransactionRowId): void {
  db.run('DELETE FROM transactions WHERE id = ?', id);
}

/** Inside a write. False when there is no such row or its answer stands. */
export function removeUnanswered(db: Database, id: TransactionRowId): boolean {
  return db.run(`DELETE FROM transactions WHERE id = ? AND NOT (${isConcluded})`, id) > 0;
}
