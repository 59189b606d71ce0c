import { GatewayError } from '../../errors/index.js';
import type { Durability } from '../transaction-store.js';
import { rollBack, type SqliteDriver } from './driver.js';
import { isBusy, sqliteError } from './sqlite-error.js';
import type { Disk } from './write-ahead-log.js';

/** Writes of one transaction at most: bounds the time the event loop stands still. */
const BATCH_LIMIT = 256;
/** Beyond it the answer is 503 at once. */
const WAITING_LIMIT = 10_000;

/** Between two looks at a database that another process holds. */
const LOOK_MS = 10;
/** SQLite itself waits for a lock by holding up the event loop: worth it for one that is held for a moment. */
const STANDSTILL_MS = 20;

const reachedByCommit = { reach: () => Promise.resolve() };

interface QueuedWrite {
  readonly durability: Durability;
  /** Runs the statements; gives what to call once they are durable enough. */
  execute(): () => void;
  reject(error: unknown): void;
}

/**
 * Writes queued in one turn of the event loop share one transaction. Each has its own savepoint: one that
 * throws is undone alone. When the transaction itself fails, none of it happened and all of them reject.
 * Promises settle when the commit is on disk; those that may be durable later, after COMMIT. While one
 * sync runs, whatever is committed shares the next.
 */
export class GroupCommit {
  readonly #driver: SqliteDriver;
  readonly #disk: Pick<Disk, 'reach'>;
  readonly #begin;
  readonly #commit;
  readonly #savepoint;
  readonly #keep;
  readonly #undo;
  #queue: QueuedWrite[] = [];
  readonly #patienceMs: number;
  /** Another process holds the write lock, as far as is known. */
  #held: { readonly since: number; lookedAt: number } | undefined;
  /** Of the drain. */
  #deadline: number | undefined;
  #scheduled = false;
  #paused = false;
  #closed = false;

  /**
   * @param disk left out where COMMIT itself reaches it
   * @param patienceMs how long writes wait for another process that holds the write lock
   */
  constructor(driver: SqliteDriver, disk: Pick<Disk, 'reach'> = reachedByCommit, patienceMs = 0) {
    this.#driver = driver;
    this.#patienceMs = patienceMs;
    this.#disk = disk;
    this.#begin = driver.prepare('BEGIN IMMEDIATE');
    this.#commit = driver.prepare('COMMIT');
    this.#savepoint = driver.prepare('SAVEPOINT one_write');
    this.#keep = driver.prepare('RELEASE one_write');
    this.#undo = driver.prepare('ROLLBACK TO one_write');
    this.#standStill(Math.min(patienceMs, STANDSTILL_MS));
  }

  /**
   * `work` runs synchronously inside the next transaction.
   * @throws what `work` throws, or GatewayError `store.unavailable` when the transaction failed
   */
  write<T>(work: () => T, durability: Durability = 'now'): Promise<T> {
    if (this.#closed)
      return Promise.reject(new GatewayError('store.unavailable', 'The database is closed.'));
    if (this.#queue.length >= WAITING_LIMIT)
      return Promise.reject(
        new GatewayError('store.unavailable', 'Too much waits for the database.'),
      );
    return new Promise<T>((resolve, reject) => {
      const execute = () => {
        const value = work();
        return () => resolve(value);
      };
      this.#queue.push({ durability, execute, reject });
      this.#schedule();
    });
  }

  /** Holds writes back, a drain excepted, until what it gives is called. Nobody stands still for that. */
  pause(): () => void {
    this.#paused = true;
    return () => {
      this.#paused = false;
      if (this.#queue.length > 0) this.#schedule();
    };
  }

  /** Refuses further writes and commits those that wait; for another process it waits once for them all. */
  drain(): void {
    this.#closed = true;
    this.#deadline = performance.now() + this.#patienceMs;
    while (this.#queue.length > 0) this.#flush();
  }

  #standStill(millis: number): void {
    this.#driver.exec(`PRAGMA busy_timeout = ${Math.ceil(millis)}`);
  }

  #schedule(): void {
    if (this.#scheduled || this.#paused) return;
    this.#scheduled = true;
    const turn = () => {
      this.#scheduled = false;
      if (this.#paused) return;
      this.#flush();
      if (this.#queue.length > 0) this.#schedule();
    };
    if (this.#held === undefined) setImmediate(turn);
    else setTimeout(turn, LOOK_MS);
  }

  #flush(): void {
    const batch = this.#queue.splice(0, BATCH_LIMIT);
    if (batch.length === 0 || !this.#hasBegun(batch)) return;
    try {
      const settlements = batch.map((write) => this.#attempt(write));
      this.#commit.run();
      this.#settle(batch, settlements);
    } catch (error) {
      rollBack(this.#driver);
      refuse(batch, error);
    }
  }

  /** While another process holds the database, what waits goes back into the queue. */
  #hasBegun(batch: readonly QueuedWrite[]): boolean {
    if (this.#deadline !== undefined)
      this.#standStill(Math.max(0, this.#deadline - performance.now()));
    try {
      this.#begin.run();
      this.#free();
      return true;
    } catch (error) {
      if (isBusy(error) && this.#mayWait()) this.#queue.unshift(...batch);
      else refuse(batch, error);
      return false;
    }
  }

  /** Looks that are far apart were not at the same holder: who comes later has his patience, too. */
  #mayWait(): boolean {
    const now = performance.now();
    if (this.#held === undefined || now - this.#held.lookedAt > this.#patienceMs) {
      this.#held = { since: now, lookedAt: now };
      // From now on it is looked at every few milliseconds, and nobody else stands still for that.
      this.#standStill(0);
    }
    this.#held.lookedAt = now;
    return this.#deadline === undefined && now - this.#held.since < this.#patienceMs;
  }

  #free(): void {
    if (this.#held === undefined) return;
    this.#held = undefined;
    this.#standStill(Math.min(this.#patienceMs, STANDSTILL_MS));
  }

  #settle(batch: readonly QueuedWrite[], settlements: readonly (() => void)[]): void {
    const waiting = settlements.filter((settle, n) => {
      const isDone = batch[n]?.durability === 'later';
      if (isDone) settle();
      return !isDone;
    });
    if (waiting.length === 0) return;
    this.#disk.reach().then(
      () => waiting.forEach((settle) => settle()),
      (error: unknown) => refuse(batch, error),
    );
  }

  #attempt(write: QueuedWrite): () => void {
    this.#savepoint.run();
    try {
      const settle = write.execute();
      this.#keep.run();
      return settle;
    } catch (error) {
      this.#undoWrite(error);
      const failure = sqliteError(error);
      return () => write.reject(failure);
    }
  }

  /** A full disk or an I/O error has already undone the whole transaction: then nothing of it may stand. */
  #undoWrite(error: unknown): void {
    try {
      this.#undo.run();
      this.#keep.run();
    } catch {
      throw error;
    }
  }
}

/** Who was answered already is not reached any more. */
function refuse(batch: readonly QueuedWrite[], error: unknown): void {
  const failure = sqliteError(error);
  for (const write of batch) write.reject(failure);
}
