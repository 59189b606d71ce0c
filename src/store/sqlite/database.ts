import { Row } from '../sql/row.js';
import type { Param } from '../sql/statement.js';
import type { SqliteDriver, SqliteStatement, SqlValue } from './driver.js';
import { GroupCommit } from './group-commit.js';
import { sqliteError } from './sqlite-error.js';

/** One connection: prepared statements kept by their text, reads at once, writes in groups. */
export class Database {
  readonly #driver: SqliteDriver;
  readonly #writes: GroupCommit;
  readonly #statements = new Map<string, SqliteStatement>();
  #closed = false;

  constructor(driver: SqliteDriver) {
    this.#driver = driver;
    this.#writes = new GroupCommit(driver);
  }

  get(sql: string, ...params: Param[]): Row | undefined {
    const columns = this.#prepared(sql).get(...params.map(bound));
    return columns && new Row(columns);
  }

  /** For a statement that always has a result row. */
  one(sql: string, ...params: Param[]): Row {
    return this.get(sql, ...params) ?? new Row({});
  }

  all(sql: string, ...params: Param[]): Row[] {
    return this.#prepared(sql)
      .all(...params.map(bound))
      .map((columns) => new Row(columns));
  }

  /** Rows changed, triggers not counted. */
  run(sql: string, ...params: Param[]): number {
    return Number(this.#prepared(sql).run(...params.map(bound)).changes);
  }

  /** `work` may use get, all and run; durable when it resolves. */
  write<T>(work: () => T): Promise<T> {
    return this.#writes.write(work);
  }

  /** What a read right after a resolved write must see, it sees. */
  read<T>(work: () => T): Promise<T> {
    return this.search(() => Promise.resolve(work()));
  }

  /** A read in several steps that lets others have their turn in between. */
  async search<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw sqliteError(error);
    }
  }

  /** Commits what waits; a second call does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#writes.drain();
    this.#statements.clear();
    this.#driver.close();
  }

  /** Only constant texts come here, so the map stays small. */
  #prepared(sql: string): SqliteStatement {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#driver.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

function bound(value: Param): SqlValue {
  if (value === undefined) return null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value instanceof Date ? value.getTime() : value;
}
