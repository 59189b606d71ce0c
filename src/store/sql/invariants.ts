/** What holds between the tables at any moment, as each write is all or nothing. */
export interface Invariant {
  readonly name: string;
  /** Gives `n`, the number of records it does not hold for. */
  readonly sql: string;
}

/** @param key the integer primary key, `row` or `seq` */
export function invariants(key: 'row' | 'seq'): readonly Invariant[] {
  return [
    {
      name: 'issued requests have their certificate',
      sql: `SELECT count(*) AS n FROM transactions WHERE state = 'issued' AND NOT EXISTS (
        SELECT 1 FROM certificates WHERE thumbprint = transactions.certificate)`,
    },
    {
      name: 'certificates have their bytes',
      sql: `SELECT count(*) AS n FROM certificates WHERE NOT EXISTS (
        SELECT 1 FROM certificate_bytes WHERE certificate = certificates.${key})`,
    },
    {
      name: 'challenges have a use for each request that holds one',
      sql: `SELECT count(*) AS n FROM challenges WHERE uses < (
        SELECT count(*) FROM transaction_holds WHERE challenge = challenges.${key})`,
    },
  ];
}

/** Tables whose size says what a database holds. */
export const countedTables = ['certificates', 'transactions', 'challenges', 'audit'] as const;
