/** Which rows are old, by kind; `key` is the integer primary key, `row` or `seq`. */
import { auditFromRow } from './audit-row.js';
import { certificateFromRow } from './certificate-row.js';
import type { KeptKind, KeptRecords } from '../retention-store.js';
import type { Row } from './row.js';
import { isConcluded, transactionFromRow } from './transaction-row.js';

type Key = 'row' | 'seq';

/** Takes the time once. An index gives each, in this order. */
export const isOld: Readonly<Record<KeptKind, string>> = {
  transactions: `${isConcluded} AND updated_at < ?`,
  certificates: "not_after < ? AND profile <> ''",
  audit: 'at < ?',
};

/** Takes the time and the limit; of the audit trail, which is in order, the limit and the time. */
export function selectOld(kind: KeptKind, key: Key, fields = '*'): string {
  switch (kind) {
    case 'transactions':
      return `SELECT ${fields} FROM transactions WHERE ${isOld.transactions} ORDER BY updated_at LIMIT ?`;
    case 'certificates':
      return `SELECT ${fields} FROM certificates
        JOIN certificate_bytes ON certificate_bytes.certificate = certificates.${key}
        WHERE ${isOld.certificates} ORDER BY not_after LIMIT ?`;
    case 'audit':
      // Not by its time, which has no index: where nothing is old, the first rows tell. Those that are
      // later than the newest were dated by a clock that was ahead, and are stepped over.
      return `SELECT ${fields} FROM (SELECT ${fields} FROM audit
          WHERE at <= (SELECT at FROM audit ORDER BY ${key} DESC LIMIT 1) ORDER BY ${key} LIMIT ?) AS first
        WHERE ${isOld.audit}`;
  }
}

/**
 * Takes the rows. What a finished request has spent stays spent, as the challenge counts its uses; a
 * lasting challenge would keep a line for each of them for good.
 */
export function deleteHolds(key: Key, rows: string): string {
  return `DELETE FROM transaction_holds WHERE state = 'spent' AND (challenge, transaction_key) IN (
    SELECT challenges.${key}, transactions.id FROM transactions
    JOIN challenges ON challenges.id = transactions.challenge_id WHERE transactions.${key} IN (${rows}))`;
}

export const recordFromRow: { readonly [K in KeptKind]: (row: Row) => KeptRecords[K] } = {
  transactions: transactionFromRow,
  certificates: certificateFromRow,
  audit: auditFromRow,
};
