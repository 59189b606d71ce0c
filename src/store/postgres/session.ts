import type { ClientBase, QueryResult } from 'pg';
import { Row, type SqlRow } from '../sql/row.js';
import type { Param } from '../sql/statement.js';
import type { PreparedTexts } from './prepared-texts.js';

/** What a statement may take; an array is one parameter, for `= ANY (?)` and `unnest(?)`. */
export type Value = Param | readonly Param[];

/** Statements on one connection, each prepared once; their errors are those of `pg`. */
export class Session {
  readonly #client: ClientBase;
  readonly #texts: PreparedTexts;

  constructor(client: ClientBase, texts: PreparedTexts) {
    this.#client = client;
    this.#texts = texts;
  }

  async get(sql: string, ...values: readonly Value[]): Promise<Row | undefined> {
    return (await this.all(sql, ...values))[0];
  }

  /** For a statement that always has a result row. */
  async one(sql: string, ...values: readonly Value[]): Promise<Row> {
    return (await this.get(sql, ...values)) ?? new Row({});
  }

  async all(sql: string, ...values: readonly Value[]): Promise<Row[]> {
    const { rows } = await this.#query(sql, values);
    return rows.map((columns) => new Row(columns));
  }

  /** Rows changed. */
  async run(sql: string, ...values: readonly Value[]): Promise<number> {
    return (await this.#query(sql, values)).rowCount ?? 0;
  }

  /** Statements without values, not prepared. */
  async script(sql: string): Promise<void> {
    await this.#client.query(sql);
  }

  #query(sql: string, values: readonly Value[]): Promise<QueryResult<SqlRow>> {
    return this.#client.query<SqlRow>({
      ...this.#texts.prepared(sql),
      values: values.map((value) => (isList(value) ? value.map(bound) : bound(value))),
    });
  }
}

function isList(value: Value): value is readonly Param[] {
  return Array.isArray(value);
}

/** PostgreSQL keeps no NUL in a text; a CSR of a stranger may hold one. */
function bound(value: Param): string | number | boolean | Uint8Array | null {
  if (value === undefined) return null;
  if (value instanceof Date) return value.getTime();
  return typeof value === 'string' ? value.replaceAll('\0', '\u2400') : value;
}
