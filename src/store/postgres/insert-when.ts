import type { Columns, Statement } from '../sql/statement.js';

/** Of the columns that are no text. */
const types: Readonly<Record<string, 'bigint' | undefined>> = {
  at: 'bigint',
  not_before: 'bigint',
  not_after: 'bigint',
  issued_at: 'bigint',
  revoked_at: 'bigint',
  revocation_reason: 'bigint',
};

/**
 * For a WITH clause: inserts a row of `audit` or `certificates` for each row of `source`. So a change and
 * what belongs to it are one statement: one way to the server and back, and one commit.
 */
export function insertWhen(source: string, table: string, columns: Columns): Statement {
  const names = Object.keys(columns);
  const values = names.map((name) => `?::${types[name] ?? 'text'}`);
  return {
    sql: `INSERT INTO ${table} (${names.join(', ')}) SELECT ${values.join(', ')} FROM ${source}`,
    params: Object.values(columns),
  };
}

/** `WITH a AS (…), b AS (…)` with the parameters in order. */
export function withClauses(clauses: readonly (readonly [string, Statement])[]): Statement {
  return {
    sql: `WITH ${clauses.map(([name, { sql }]) => `${name} AS (${sql})`).join(', ')}`,
    params: clauses.flatMap(([, { params }]) => params),
  };
}
