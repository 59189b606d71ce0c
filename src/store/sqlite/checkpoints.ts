import type { UpkeepListener } from '../stores.js';
import type { Checkpointer } from './checkpoint-thread.js';
import type { SqliteDriver } from './driver.js';

/** Rows changed since the last checkpoint began; an enrollment changes a dozen and appends some 23 pages. */
const ENOUGH = 2000;
/** So few that writes can wait for them. */
const FEW = 60;
/** Beside a steady writer each checkpoint leaves what was written meanwhile, less each time. */
const ROUNDS = 4;

/** Pages of the log beyond which COMMIT sees to it after all, be the thread slow or the rows large: 64 MiB. */
const LOG_LIMIT = 16_384;
/** SQLite's own default. */
const WITHOUT_THREAD = 1000;
const PAGE = 4096;

/** Whom writes wait for. */
export interface PausedWrites {
  /** Holds writes back until what it gives is called; nobody stands still for that. */
  pause(): () => void;
}

/**
 * When the write-ahead log is brought into the database. SQLite would do that within a COMMIT, and the event
 * loop would stand still for two syncs and a thousand pages. Here a thread does most of it beside the writes,
 * which wait for the last few pages only: a log that is all in the database begins anew with the next write.
 *
 * Where the thread is gone, COMMIT does it as ever.
 */
export class Checkpoints {
  readonly #driver: SqliteDriver;
  readonly #thread: Checkpointer;
  readonly #writes: PausedWrites;
  readonly #changes;
  #seen = 0;
  #running: Promise<void> | undefined;
  #isOver = false;
  #listener: UpkeepListener | undefined;

  constructor(driver: SqliteDriver, thread: Checkpointer, writes: PausedWrites) {
    this.#driver = driver;
    this.#thread = thread;
    this.#writes = writes;
    this.#changes = driver.prepare('SELECT total_changes() AS n');
    // What a long reader, as a backup is one, lets the log grow to, its file does not keep.
    driver.exec(`PRAGMA journal_size_limit = ${LOG_LIMIT * PAGE}`);
    this.#checkpointInCommit(LOG_LIMIT);
  }

  listen(listener: UpkeepListener): void {
    this.#listener = listener;
  }

  /** After each write. */
  wrote(): void {
    if (this.#isOver || this.#running !== undefined || this.#unseen() < ENOUGH) return;
    this.#running = this.#run().finally(() => (this.#running = undefined));
  }

  /** After the one that runs. */
  async close(): Promise<void> {
    this.#isOver = true;
    await this.#running;
    await this.#thread.close();
  }

  async #run(): Promise<void> {
    try {
      for (let round = 1; round < ROUNDS && this.#mayGoOn(); round++) await this.#checkpoint();
      // The last connection that is closed sees to the rest.
      if (this.#isOver) return;
      const resume = this.#writes.pause();
      try {
        await this.#checkpoint();
      } finally {
        resume();
      }
      this.#listener?.worked();
    } catch (fault) {
      if (this.#thread.hasEnded) this.#goWithout();
      this.#listener?.failed(fault);
    }
  }

  #mayGoOn(): boolean {
    return !this.#isOver && this.#unseen() > FEW;
  }

  #checkpoint(): Promise<void> {
    this.#seen = this.#total();
    return this.#thread.checkpoint();
  }

  #unseen(): number {
    return this.#total() - this.#seen;
  }

  /** Triggers count, and what was undone. */
  #total(): number {
    return Number(this.#changes.get()?.['n']);
  }

  #goWithout(): void {
    this.#isOver = true;
    this.#checkpointInCommit(WITHOUT_THREAD);
  }

  #checkpointInCommit(pages: number): void {
    this.#driver.exec(`PRAGMA wal_autocheckpoint = ${pages}`);
  }
}
