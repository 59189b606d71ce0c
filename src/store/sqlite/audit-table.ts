import { GatewayError } from '../../errors/index.js';
import type { AuditFilter, AuditRecord } from '../transaction-store.js';
import type { Database } from './database.js';
import { anywhere, DEFAULT_SEARCH_LIMIT, newestFirst } from './newest-first.js';
import type { Row } from './row.js';
import { Where } from './where.js';

const searched = [
  'subject',
  'transaction_id',
  'challenge_id',
  'correlation_id',
  'key_id',
  'client_address',
  'actor',
  'event',
  'code',
  'reason',
];

/** Inside a write. */
export function appendAudit(db: Database, record: AuditRecord): void {
  db.run(
    `INSERT INTO audit (at, event, correlation_id, profile, transaction_id, challenge_id, subject,
       key_id, client_address, actor, outcome, code, reason)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    record.at,
    record.event,
    record.correlationId,
    record.profile,
    record.transactionId,
    record.challengeId,
    record.subject,
    record.keyId,
    record.clientAddress,
    record.actor,
    record.outcome,
    record.code,
    record.reason,
  );
}

/** Newest first. */
export async function searchAudit(
  db: Database,
  filter: AuditFilter,
): Promise<readonly AuditRecord[]> {
  let where = new Where();
  if (filter.text !== undefined) {
    const pattern = anywhere(filter.text);
    const columns = searched.map((column) => `${column} LIKE ? ESCAPE '\\'`).join(' OR ');
    where = where.with(columns, ...searched.map(() => pattern));
  }
  const limit = filter.limit ?? DEFAULT_SEARCH_LIMIT;
  const select = 'SELECT * FROM audit';
  if (filter.transactionId === undefined)
    return (await newestFirst(db, { select, table: 'audit' }, where, limit)).map(fromRow);
  where = where.with('transaction_id = ?', filter.transactionId);
  return db
    .all(`${select} ${where.sql} ORDER BY row DESC LIMIT ?`, ...where.params, limit)
    .map(fromRow);
}

function fromRow(row: Row): AuditRecord {
  return {
    at: row.date('at'),
    event: row.text('event'),
    correlationId: row.text('correlation_id'),
    profile: row.textOrNone('profile'),
    transactionId: row.textOrNone('transaction_id'),
    challengeId: row.textOrNone('challenge_id'),
    subject: row.textOrNone('subject'),
    keyId: row.textOrNone('key_id'),
    clientAddress: row.textOrNone('client_address'),
    actor: row.textOrNone('actor'),
    outcome: outcomeOf(row.text('outcome')),
    code: row.textOrNone('code'),
    reason: row.textOrNone('reason'),
  };
}

function outcomeOf(text: string): AuditRecord['outcome'] {
  switch (text) {
    case 'ok':
    case 'pending':
    case 'refused':
    case 'error':
      return text;
    default:
      throw new GatewayError('internal', 'The audit trail holds a record that cannot be read.', {
        detail: `no such outcome: ${text}`,
      });
  }
}
