import { auditColumns, auditFromRow, searchedInAudit } from '../sql/audit-row.js';
import { anywhere, DEFAULT_SEARCH_LIMIT } from '../sql/search.js';
import { insertInto } from '../sql/statement.js';
import { Where } from '../sql/where.js';
import type { AuditFilter, AuditRecord } from '../transaction-store.js';
import type { Database } from './database.js';
import { newestFirst } from './newest-first.js';

/** Inside a write. */
export function appendAudit(db: Database, record: AuditRecord): void {
  const { sql, params } = insertInto('audit', auditColumns(record));
  db.run(sql, ...params);
}

/** Newest first. */
export async function searchAudit(
  db: Database,
  filter: AuditFilter,
): Promise<readonly AuditRecord[]> {
  let where = new Where();
  if (filter.text !== undefined) {
    const pattern = anywhere(filter.text);
    const columns = searchedInAudit.map((column) => `${column} LIKE ? ESCAPE '\\'`).join(' OR ');
    where = where.with(columns, ...searchedInAudit.map(() => pattern));
  }
  const limit = filter.limit ?? DEFAULT_SEARCH_LIMIT;
  const select = 'SELECT * FROM audit';
  if (filter.transactionId === undefined)
    return (await newestFirst(db, { select, table: 'audit' }, where, limit)).map(auditFromRow);
  where = where.with('transaction_id = ?', filter.transactionId);
  return db
    .all(`${select} ${where.sql} ORDER BY row DESC LIMIT ?`, ...where.params, limit)
    .map(auditFromRow);
}
