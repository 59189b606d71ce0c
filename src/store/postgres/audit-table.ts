import { auditColumns, auditFromRow, searchedInAudit } from '../sql/audit-row.js';
import { anywhere, DEFAULT_SEARCH_LIMIT } from '../sql/search.js';
import { insertInto, type Statement } from '../sql/statement.js';
import { Where } from '../sql/where.js';
import type { AuditFilter, AuditRecord } from '../transaction-store.js';
import { insertWhen } from './insert-when.js';
import type { Session } from './session.js';

/** By name, as a transaction's. */
export const auditFields = `at, event, correlation_id, profile, transaction_id, challenge_id, subject, key_id,
  client_address, actor, outcome, code, reason`;

export async function appendAudit(session: Session, record: AuditRecord): Promise<void> {
  const { sql, params } = insertInto('audit', auditColumns(record));
  await session.run(sql, ...params);
}

/** For a WITH clause: a line for each row of `source`. */
export function auditClause(source: string, record: AuditRecord): readonly [string, Statement] {
  return ['audited', insertWhen(source, 'audit', auditColumns(record))];
}

/** Newest first. */
export async function searchAudit(
  session: Session,
  { transactionId, text, limit = DEFAULT_SEARCH_LIMIT }: AuditFilter,
): Promise<readonly AuditRecord[]> {
  let where = new Where();
  if (transactionId !== undefined) where = where.with('transaction_id = ?', transactionId);
  if (text !== undefined) {
    const pattern = anywhere(text);
    where = where.with(
      searchedInAudit.map((column) => `${column} ILIKE ? ESCAPE '\\'`).join(' OR '),
      ...searchedInAudit.map(() => pattern),
    );
  }
  const rows = await session.all(
    `SELECT ${auditFields} FROM audit ${where.sql} ORDER BY seq DESC LIMIT ?`,
    ...where.params,
    limit,
  );
  return rows.map(auditFromRow);
}
