import type {
  Conclusion,
  PendingFilter,
  TransactionKey,
  TransactionRecord,
  TransactionRowId,
} from '../transaction-store.js';
import type { Database } from './database.js';
import { DEFAULT_SEARCH_LIMIT } from './newest-first.js';
import { stateColumns, transactionFromRow, workColumns } from './transaction-row.js';
import { Where } from './where.js';

/** As the partial index transactions_pending has it. */
export const isPending =
  "(state IN ('awaiting-approval', 'submitting', 'in-doubt', 'submitted') OR due_at IS NOT NULL)";
export const isConcluded = "state IN ('issued', 'rejected')";

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
  db.run(
    `INSERT INTO transactions (id, profile, transaction_id, purpose, csr_key, signer_key,
       request_digest, csr, ground, challenge_id, subject, client_address, created_at, updated_at,
       state, approver, issuer, request_id, certificate, code, text, identity, hresult,
       due_at, attempts, problem, holder, held_until)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    record.id,
    record.key.profile,
    record.key.transactionId,
    record.key.purpose,
    record.csrKey,
    record.signerKey,
    record.requestDigest,
    record.csr,
    record.ground,
    record.challengeId,
    record.subject,
    record.clientAddress,
    record.createdAt,
    record.updatedAt,
    ...stateColumns(record.state),
    ...workColumns(record),
  );
}

/** Inside a write. False when there is no such row, its answer stands, or it is not `holder`'s. */
export function updateState(
  db: Database,
  { transaction, state, holder, now, ...work }: Conclusion,
): boolean {
  return (
    db.run(
      `UPDATE transactions SET state = ?, approver = ?, issuer = ?, request_id = ?, certificate = ?,
         code = ?, text = ?, identity = ?, hresult = ?, due_at = ?, attempts = ?, problem = ?,
         holder = ?, held_until = ?, updated_at = ?
       WHERE id = ? AND NOT (${isConcluded}) AND (? IS NULL OR holder = ?)`,
      ...stateColumns(state),
      ...workColumns(work),
      now,
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
