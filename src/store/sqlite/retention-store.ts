import type { KeptKind, OldRecord, RetentionStore } from '../retention-store.js';
import { deleteHolds, isOld, recordFromRow, selectOld } from '../sql/old-rows.js';
import type { AuditRecord } from '../transaction-store.js';
import { appendAudit } from './audit-table.js';
import type { Database } from './database.js';

/** A JSON array of integers as one parameter. */
const theseRows = 'SELECT value FROM json_each(?)';

export class SqliteRetentionStore implements RetentionStore {
  readonly #db: Database;

  constructor(database: Database) {
    this.#db = database;
  }

  old<K extends KeptKind>(kind: K, before: Date, limit: number): Promise<readonly OldRecord<K>[]> {
    const params = kind === 'audit' ? [limit, before] : [before, limit];
    return this.#db.read(() =>
      this.#db
        .all(selectOld(kind, 'row'), ...params)
        .map((row) => ({ row: row.integer('row'), record: recordFromRow[kind](row) })),
    );
  }

  remove(
    kind: KeptKind,
    rows: readonly number[],
    before: Date,
    audit: (count: number) => AuditRecord,
  ): Promise<number> {
    const list = JSON.stringify(rows);
    return this.#db.write(() => {
      if (kind === 'transactions') this.#db.run(deleteHolds('row', theseRows), list);
      if (kind === 'audit') this.#mayDrop(before);
      const gone = this.#db.run(
        `DELETE FROM ${kind} WHERE row IN (${theseRows}) AND ${isOld[kind]}`,
        list,
        before,
      );
      if (gone > 0) appendAudit(this.#db, audit(gone));
      return gone;
    });
  }

  /** The trigger of the audit trail lets nothing go that is younger. */
  #mayDrop(before: Date): void {
    this.#db.run(
      `INSERT INTO audit_retention (one, before) VALUES (1, ?)
       ON CONFLICT (one) DO UPDATE SET before = max(before, excluded.before)`,
      before,
    );
  }
}
