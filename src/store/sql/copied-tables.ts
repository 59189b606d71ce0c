import type { SqlRow } from './row.js';

export interface CopiedTable {
  readonly name: string;
  /** Columns that tell its rows apart, as SQLite has them; a `row` is a `seq` in PostgreSQL. */
  readonly key: readonly string[];
}

/** A database whose rows are copied. */
export interface RowSource {
  readonly count: (table: CopiedTable) => number;
  readonly columns: (table: CopiedTable) => readonly string[];
  /** In the order of the key, a few at a time. */
  readonly parts: (table: CopiedTable) => Iterable<readonly SqlRow[]>;
}

/** The tables that both databases have, referenced ones first. */
export const copiedTables: readonly CopiedTable[] = [
  { name: 'challenges', key: ['row'] },
  { name: 'challenge_quotas', key: ['account'] },
  { name: 'transaction_holds', key: ['challenge', 'transaction_key'] },
  { name: 'transactions', key: ['row'] },
  { name: 'certificates', key: ['row'] },
  { name: 'certificate_bytes', key: ['certificate'] },
  { name: 'audit', key: ['row'] },
  { name: 'audit_retention', key: ['one'] },
  { name: 'settings', key: ['key'] },
  { name: 'counters', key: ['name'] },
  { name: 'accounts', key: ['name'] },
  { name: 'api_tokens', key: ['id'] },
];
