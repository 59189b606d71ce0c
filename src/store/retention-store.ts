/** Records past their time, taken away a few at a time. */
import type { AuditRecord, CertificateRecord, TransactionRecord } from './transaction-store.js';

/** What is kept for a time, and of which record. */
export interface KeptRecords {
  /** Finished ones, by when they were finished. */
  readonly transactions: TransactionRecord;
  /** Those of devices, by their end: those of our own CAs and RAs stay. */
  readonly certificates: CertificateRecord;
  readonly audit: AuditRecord;
}

export type KeptKind = keyof KeptRecords;

export interface OldRecord<K extends KeptKind> {
  /** Names it in `remove`. */
  readonly row: number;
  readonly record: KeptRecords[K];
}

/**
 * Contract (test/store/retention-store.contract.ts): a record that is younger than `before`, or not
 * finished, is neither given nor removed, whatever is asked for. The audit trail stays append-only for
 * everybody else: the database itself refuses to drop what this store was not told is too old.
 */
export interface RetentionStore {
  /** At most `limit`, the oldest first as far as the order is known. */
  old<K extends KeptKind>(kind: K, before: Date, limit: number): Promise<readonly OldRecord<K>[]>;
  /** One short write: what goes, and the line that says how many. Gives how many went. */
  remove(
    kind: KeptKind,
    rows: readonly number[],
    before: Date,
    audit: (count: number) => AuditRecord,
  ): Promise<number>;
}
