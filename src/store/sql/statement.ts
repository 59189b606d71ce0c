/** What both databases take. `undefined` is stored as NULL, dates as integer milliseconds since 1970. */
export type Param = string | number | boolean | Uint8Array | Date | undefined;

/** SQL with one `?` for each parameter. */
export interface Statement {
  readonly sql: string;
  readonly params: readonly Param[];
}

/** Values by the names of their columns. */
export type Columns = Readonly<Record<string, Param>>;

/** An INSERT of one row, without a word on conflicts. */
export function insertInto(table: string, columns: Columns): Statement {
  const names = Object.keys(columns);
  return {
    sql: `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
    params: Object.values(columns),
  };
}

/** An INSERT that replaces the row of the same `key`, a column. */
export function upsert(table: string, key: string, columns: Columns): Statement {
  const { sql, params } = insertInto(table, columns);
  const replaced = Object.keys(columns)
    .filter((name) => name !== key)
    .map((name) => `${name} = excluded.${name}`);
  return { sql: `${sql} ON CONFLICT (${key}) DO UPDATE SET ${replaced.join(', ')}`, params };
}

/** What stands between SET and WHERE. */
export function assignments(columns: Columns): Statement {
  return {
    sql: Object.keys(columns)
      .map((name) => `${name} = ?`)
      .join(', '),
    params: Object.values(columns),
  };
}
