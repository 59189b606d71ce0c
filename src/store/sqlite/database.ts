import { Row } from '../sql/row.js';
import type { Param } from '../sql/statement.js';
import type { UpkeepListener } from '../stores.js';
import type { Durability } from '../transaction-store.js';
import type { Checkpointer } from './checkpoint-thread.js';
import { Checkpoints } from './checkpoints.js';
import type { SqliteDriver, SqliteStatement, SqlValue } from './driver.js';
import { GroupCommit } from './group-commit.js';
import { sqliteError } from './sqlite-error.js';
import type { Disk } from './write-ahead-log.js';

/** One connection: prepared statements kept by their text, reads at once, writes in groups. */
export class Database {
  readonly #driver: SqliteDriver;
  readonly #disk: Disk | undefined;
  readonly #writes: GroupCommit;
  readonly #checkpoints: Checkpoints | undefined;
  readonly #statements = new Map<string, SqliteStatement>();
  #closing: Promise<void> | undefined;

  /**
   * @param patienceMs see GroupCommit
   * @param thread left out where COMMIT itself sees to the write-ahead log
   */
  constructor(driver: SqliteDriver, disk?: Disk, patienceMs?: number, thread?: Checkpointer) {
    this.#driver = driver;
    this.#disk = disk;
    this.#writes = new GroupCommit(driver, disk, patienceMs);
    this.#checkpoints = thread && new Checkpoints(driver, thread, this.#writes);
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

  /** `work` may use get, all and run; durable when it resolves, unless it may be so later. */
  write<T>(work: () => T, durability?: Durability): Promise<T> {
    return this.#writes.write(() => {
      this.#disk?.requireWhole();
      const written = work();
      this.#checkpoints?.wrote();
      return written;
    }, durability);
  }

  /** Hears how it goes with what no call waits for. */
  listen(listener: UpkeepListener): void {
    this.#checkpoints?.listen(listener);
  }

  /** What a read right after a resolved write must see, it sees. */
  read<T>(work: () => T): Promise<T> {
    return this.search(() => Promise.resolve(work()));
  }

  /** A read in several steps that lets others have their turn in between. */
  search<T>(work: () => Promise<T>): Promise<T> {
    return reported(() => {
      this.#disk?.requireWhole();
      return work();
    });
  }

  /** Brings what waits to the disk; a second call waits with the first. */
  close(): Promise<void> {
    this.#closing ??= reported(() => this.#close());
    return this.#closing;
  }

  /** What fails on the way keeps nothing open. */
  async #close(): Promise<void> {
    try {
      this.#writes.drain();
      await this.#checkpoints?.close();
    } finally {
      await this.#closeFiles();
    }
  }

  async #closeFiles(): Promise<void> {
    try {
      await this.#disk?.close();
    } finally {
      this.#statements.clear();
      this.#driver.close();
    }
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

async function reported<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw sqliteError(error);
  }
}

function bound(value: Param): SqlValue {
  if (value === undefined) return null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value instanceof Date ? value.getTime() : value;
}
