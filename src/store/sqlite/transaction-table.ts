import { GatewayError } from '../../errors/index.js';
import type {
  PendingFilter,
  TransactionKey,
  TransactionRecord,
  TransactionRowId,
  TransactionState,
} from '../transaction-store.js';
import type { Database, Param } from './database.js';
import { DEFAULT_SEARCH_LIMIT } from './newest-first.js';
import type { Row } from './row.js';
import { Where } from './where.js';

/** As the partial index transactions_pending has it. */
const isPending = "state IN ('awaiting-approval', 'submitted')";
const isConcluded = "state IN ('issued', 'rejected')";

export function transactionByKey(db: Database, key: TransactionKey): TransactionRecord | undefined {
  const row = db.get(
    'SELECT * FROM transactions WHERE profile = ? AND transaction_id = ? AND purpose = ?',
    key.profile,
    key.transactionId,
    key.purpose,
  );
  return row && fromRow(row);
}

export function transactionById(db: Database, id: TransactionRowId): TransactionRecord | undefined {
  const row = db.get('SELECT * FROM transactions WHERE id = ?', id);
  return row && fromRow(row);
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
    .map(fromRow);
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
  return row && fromRow(row);
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
    .map(fromRow);
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
       state, approver, issuer, request_id, certificate, code, text)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
  );
}

/** Inside a write. False when there is no such row or its answer stands. */
export function updateState(
  db: Database,
  id: TransactionRowId,
  state: TransactionState,
  now: Date,
): boolean {
  return (
    db.run(
      `UPDATE transactions SET state = ?, approver = ?, issuer = ?, request_id = ?, certificate = ?,
         code = ?, text = ?, updated_at = ? WHERE id = ? AND NOT (${isConcluded})`,
      ...stateColumns(state),
      now,
      id,
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

/** state, approver, issuer, request_id, certificate, code, text */
function stateColumns(state: TransactionState): Param[] {
  const none = undefined;
  switch (state.kind) {
    case 'authorized':
    case 'awaiting-approval':
      return [state.kind, none, none, none, none, none, none];
    case 'approved':
      return [state.kind, state.approver, none, none, none, none, none];
    case 'submitted':
      return [state.kind, none, state.issuer, state.requestId, none, none, none];
    case 'issued':
      return [state.kind, none, none, none, state.certificate, none, none];
    case 'rejected':
      return [state.kind, none, none, none, none, state.code, state.text];
  }
}

function stateFromRow(row: Row): TransactionState {
  const kind = row.text('state');
  switch (kind) {
    case 'authorized':
    case 'awaiting-approval':
      return { kind };
    case 'approved':
      return { kind, approver: row.text('approver') };
    case 'submitted':
      return { kind, issuer: row.text('issuer'), requestId: row.text('request_id') };
    case 'issued':
      return { kind, certificate: row.text('certificate') };
    case 'rejected':
      return { kind, code: row.text('code'), text: row.text('text') };
    default:
      throw new GatewayError('internal', 'The database holds a transaction that cannot be read.', {
        detail: `no such state: ${kind}`,
      });
  }
}

function fromRow(row: Row): TransactionRecord {
  return {
    id: row.text('id') as TransactionRowId,
    key: {
      profile: row.text('profile'),
      transactionId: row.text('transaction_id'),
      purpose: row.text('purpose'),
    },
    csrKey: row.text('csr_key'),
    signerKey: row.text('signer_key'),
    requestDigest: row.text('request_digest'),
    csr: row.blob('csr'),
    ground: row.text('ground'),
    challengeId: row.textOrNone('challenge_id'),
    subject: row.text('subject'),
    clientAddress: row.text('client_address'),
    state: stateFromRow(row),
    createdAt: row.date('created_at'),
    updatedAt: row.date('updated_at'),
  };
}
