import type { KeptKind, OldRecord, RetentionStore } from '../retention-store.js';
import { deleteHolds, isOld, recordFromRow, selectOld } from '../sql/old-rows.js';
import type { AuditRecord } from '../transaction-store.js';
import { appendAudit, auditFields } from './audit-table.js';
import { certificateFields } from './certificate-table.js';
import { databaseMillis } from './database-clock.js';
import type { PostgresDatabase } from './database.js';
import { transactionFields } from './transaction-table.js';

const theseRows = 'SELECT unnest(?::bigint[])';
const fields: Readonly<Record<KeptKind, string>> = {
  transactions: transactionFields,
  certificates: certificateFields,
  audit: auditFields,
};

export class PostgresRetentionStore implements RetentionStore {
  readonly #db: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#db = database;
  }

  old<K extends KeptKind>(kind: K, before: Date, limit: number): Promise<readonly OldRecord<K>[]> {
    const params = kind === 'audit' ? [limit, before] : [before, limit];
    return this.#db.session(async (session) => {
      const rows = await session.all(selectOld(kind, 'seq', `seq, ${fields[kind]}`), ...params);
      return rows.map((row) => ({ row: row.integer('seq'), record: recordFromRow[kind](row) }));
    });
  }

  remove(
    kind: KeptKind,
    rows: readonly number[],
    before: Date,
    audit: (count: number) => AuditRecord,
  ): Promise<number> {
    return this.#db.transaction(async (session) => {
      if (kind === 'transactions') await session.run(deleteHolds('seq', theseRows), rows);
      // The trigger of the audit trail lets nothing go that is younger; a clock that is ahead opens it no farther than now.
      if (kind === 'audit') {
        await session.run(
          `INSERT INTO audit_retention (one, before) VALUES (1, least(?::bigint, ${databaseMillis}))
           ON CONFLICT (one) DO UPDATE
           SET before = least(greatest(audit_retention.before, excluded.before), ${databaseMillis})`,
          before,
        );
      }
      const gone = await session.run(
        `DELETE FROM ${kind} WHERE seq IN (${theseRows}) AND ${isOld[kind]}`,
        rows,
        before,
      );
      if (gone > 0) await appendAudit(session, audit(gone));
      return gone;
    });
  }
}
