import { Worker } from 'node:worker_threads';
import { GatewayError, messageOf } from '../../errors/index.js';
import { sqliteModule } from './driver.js';

/** Brings committed pages from the write-ahead log into the database file, beside those who write. */
export interface Checkpointer {
  /** It ended by itself, and comes no more. */
  readonly hasEnded: boolean;
  /**
   * As much as readers allow. One call at a time.
   * @throws GatewayError `store.unavailable`
   */
  checkpoint(): Promise<void>;
  /** After the checkpoint that runs. */
  close(): Promise<void>;
}

/** What went wrong, or null. */
type Answer = string | null;

/**
 * A text and no file, so that it runs from sources, from the build and from a bundle alike. Not prepared:
 * a statement that was not reset would read, and the log never begin anew. What Node 22 has to say of its SQLite is
 * no fault of a gateway.
 */
const work = `
const { parentPort, workerData } = require('node:worker_threads');
process.removeAllListeners('warning');
const { DatabaseSync } = require(workerData.module);
const database = new DatabaseSync(workerData.path);
database.exec('PRAGMA synchronous = NORMAL; PRAGMA cache_size = -64; SELECT count(*) FROM sqlite_schema');
function fault() {
  try {
    database.exec('PRAGMA wal_checkpoint(PASSIVE)');
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
parentPort.on('message', (order) => {
  if (order === 'checkpoint') return parentPort.postMessage(fault());
  database.close();
  parentPort.close();
});
`;

/**
 * A connection of its own in a thread of its own: a checkpoint syncs twice and writes pages from all over the
 * file, and SQLite does that where it is called. Started when it is first needed, so that commands have none;
 * it keeps no process alive.
 */
export class CheckpointThread implements Checkpointer {
  readonly #path: string;
  #worker: Worker | undefined;
  #waiting: { resolve(): void; reject(fault: GatewayError): void } | undefined;
  #end: string | undefined;

  /** @param path of a database that has a write-ahead log */
  constructor(path: string) {
    this.#path = path;
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  async checkpoint(): Promise<void> {
    const worker = (this.#worker ??= this.#start());
    if (this.#end !== undefined) throw failure(this.#end);
    await new Promise<void>((resolve, reject) => {
      this.#waiting = { resolve, reject };
      worker.postMessage('checkpoint');
    });
  }

  async close(): Promise<void> {
    if (this.#worker === undefined || this.hasEnded) return;
    const worker = this.#worker;
    worker.ref();
    // However it ends: a fault comes before the exit, and leaves nothing more to do.
    await new Promise((resolve) => {
      worker.once('exit', resolve);
      worker.postMessage('close');
    });
  }

  #start(): Worker {
    const worker = new Worker(work, {
      eval: true,
      workerData: { module: sqliteModule(), path: this.#path },
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1 },
    });
    worker.unref();
    worker.on('message', (answer: Answer) => this.#settle(answer));
    worker.on('error', (error) => this.#ended(messageOf(error)));
    worker.on('exit', () => this.#ended('its thread has ended'));
    return worker;
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (answer === null) waiting?.resolve();
    else waiting?.reject(failure(answer));
  }

  #ended(why: string): void {
    this.#end ??= why;
    this.#settle(this.#end);
  }
}

function failure(detail: string): GatewayError {
  return new GatewayError(
    'store.unavailable',
    `The write-ahead log could not be brought into the database: ${detail}.`,
    { mend: 'Look for a full disk; nothing is lost, but the log grows until that is mended.' },
  );
}
