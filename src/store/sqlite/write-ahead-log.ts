import { open } from 'node:fs/promises';
import { GatewayError, messageOf } from '../../errors/index.js';

/** What a commit has to reach before anybody hears of it. */
export interface Disk {
  /** Resolves when all that was committed before the call outlives a loss of power. */
  reach(): Promise<void>;
  /**
   * What is committed can be seen before it is reached: once that has failed, nobody may build on it.
   * @throws GatewayError `store.unavailable` once something was not reached
   */
  requireWhole(): void;
  /** After what was asked for is reached, or cannot be. */
  close(): Promise<void>;
}

/** The part of a FileHandle that is needed. */
export interface SyncedFile {
  datasync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The file beside the database that commits go to (https://sqlite.org/wal.html), brought to the disk by
 * libuv's pool. SQLite can do that only within COMMIT, while the event loop stands still; so it is told
 * not to (synchronous=NORMAL: it still syncs around checkpoints), and what COMMIT appended is synced here.
 * One sync is for all that was committed before it began.
 *
 * A sync that failed is the last one: Linux reports the loss once and then says that all is well. Until
 * the gateway is started again, nothing more is promised.
 */
export class WriteAheadLog implements Disk {
  readonly #file: SyncedFile;
  #last: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #loss: { readonly cause: unknown } | undefined;

  constructor(file: SyncedFile) {
    this.#file = file;
  }

  /** Closing this file drops no lock: SQLite takes its locks on the two others. */
  static async beside(database: string): Promise<WriteAheadLog> {
    return new WriteAheadLog(await open(`${database}-wal`, 'r+'));
  }

  reach(): Promise<void> {
    if (this.#next === undefined) {
      const sync = this.#last.then(() => {
        this.#next = undefined;
        return this.#file.datasync();
      });
      sync.catch((cause: unknown) => (this.#loss ??= { cause }));
      this.#last = sync;
      this.#next = sync;
    }
    return this.#next;
  }

  requireWhole(): void {
    if (this.#loss === undefined) return;
    const { cause } = this.#loss;
    throw new GatewayError('store.unavailable', 'What was written last did not reach the disk.', {
      cause,
      detail: messageOf(cause),
      mend: 'Look after the disk, then start the gateway again.',
    });
  }

  async close(): Promise<void> {
    await this.#last.catch(() => undefined);
    await this.#file.close();
  }
}
