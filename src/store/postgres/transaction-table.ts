import { DEFAULT_SEARCH_LIMIT } from '../sql/search.js';
import { assignments, insertInto, type Statement } from '../sql/statement.js';
import {
  conclusionColumns,
  isConcluded,
  isPending,
  transactionColumns,
  transactionFromRow,
} from '../sql/transaction-row.js';
import { Where } from '../sql/where.js';
import type {
  Conclusion,
  PendingFilter,
  TransactionKey,
  TransactionRecord,
  TransactionRowId,
} from '../transaction-store.js';
import type { Session } from './session.js';

/** By name: what a later release adds changes nothing for statements that are prepared already. */
export const transactionFields = `id, profile, transaction_id, purpose, csr_key, signer_key,
  request_digest, csr, ground, challenge_id, subject, client_address, state, approver, issuer, request_id,
  certificate, code, text, identity, hresult, due_at, attempts, problem, holder, held_until, created_at,
  updated_at`;
const select = `SELECT ${transactionFields} FROM transactions`;

export async function transactionByKey(
  session: Session,
  key: TransactionKey,
): Promise<TransactionRecord | undefined> {
  const row = await session.get(
    `${select} WHERE profile = ? AND transaction_id = ? AND purpose = ?`,
    key.profile,
    key.transactionId,
    key.purpose,
  );
  return row && transactionFromRow(row);
}

export async function transactionById(
  session: Session,
  id: TransactionRowId,
): Promise<TransactionRecord | undefined> {
  const row = await session.get(`${select} WHERE id = ?`, id);
  return row && transactionFromRow(row);
}

export async function transactionsOf(
  session: Session,
  profile: string,
  transactionId: string,
): Promise<TransactionRecord[]> {
  const rows = await session.all(
    `${select} WHERE profile = ? AND transaction_id = ? ORDER BY seq DESC`,
    profile,
    transactionId,
  );
  return rows.map(transactionFromRow);
}

export async function transactionByChallenge(
  session: Session,
  profile: string,
  challengeId: string,
  requestDigest: string,
): Promise<TransactionRecord | undefined> {
  const row = await session.get(
    `${select} WHERE challenge_id = ? AND profile = ? AND request_digest = ? ORDER BY seq DESC LIMIT 1`,
    challengeId,
    profile,
    requestDigest,
  );
  return row && transactionFromRow(row);
}

export async function pendingTransactions(
  session: Session,
  { profile, limit = DEFAULT_SEARCH_LIMIT }: PendingFilter,
): Promise<TransactionRecord[]> {
  const pending = new Where().with(isPending);
  const where = profile === undefined ? pending : pending.with('profile = ?', profile);
  const rows = await session.all(
    `${select} ${where.sql} ORDER BY created_at, seq LIMIT ?`,
    ...where.params,
    limit,
  );
  return rows.map(transactionFromRow);
}

export async function countPending(session: Session, profile: string): Promise<number> {
  const row = await session.one(
    `SELECT count(*) AS n FROM transactions WHERE ${isPending} AND profile = ?`,
    profile,
  );
  return row.integer('n');
}

/** Inserts nothing where a row has this key; waits for one that is being made or removed. */
export function insertTransaction(record: TransactionRecord): Statement {
  const { sql, params } = insertInto('transactions', transactionColumns(record));
  return {
    sql: `${sql} ON CONFLICT (profile, transaction_id, purpose) DO NOTHING RETURNING seq`,
    params,
  };
}

/** Changes nothing when there is no such row, its answer stands, or it is not `holder`'s. */
export function updateState(conclusion: Conclusion): Statement {
  const { transaction, holder } = conclusion;
  const { sql, params } = assignments(conclusionColumns(conclusion));
  return {
    sql: `UPDATE transactions SET ${sql}
      WHERE id = ? AND NOT (${isConcluded}) AND (?::text IS NULL OR holder = ?) RETURNING seq`,
    params: [...params, transaction, holder, holder],
  };
}

/** For a row that another of the same key takes the place of, whatever its state. */
export async function removeTransaction(
  session: Session,
  id: TransactionRowId,
  { profile, transactionId, purpose }: TransactionKey,
): Promise<void> {
  await session.run(
    'DELETE FROM transactions WHERE id = ? AND profile = ? AND transaction_id = ? AND purpose = ?',
    id,
    profile,
    transactionId,
    purpose,
  );
}

/** False when there is no such row or its answer stands. */
export async function removeUnanswered(session: Session, id: TransactionRowId): Promise<boolean> {
  return (
    (await session.run(`DELETE FROM transactions WHERE id = ? AND NOT (${isConcluded})`, id)) > 0
  );
}
