import type { KeyObject } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { GatewayError } from '../errors/index.js';

interface Waiting {
  readonly resolve: (decrypted: Buffer) => void;
  readonly reject: (error: Error) => void;
}

interface Answer {
  readonly call: number;
  /** Absent where the ciphertext is out of range. */
  readonly decrypted?: Uint8Array;
}

/** A text and no file, so that it runs from sources, from the build and from a bundle alike. */
const work = `
const { parentPort } = require('node:worker_threads');
const { constants, privateDecrypt } = require('node:crypto');
parentPort.on('message', ({ call, key, ciphertext }) => {
  try {
    const decrypted = privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, ciphertext);
    parentPort.postMessage({ call, decrypted });
  } catch {
    parentPort.postMessage({ call });
  }
});
`;

/**
 * RSADP beside the event loop. Node signs on libuv's pool and decrypts nowhere but where it is called: that
 * was a fifth of what the loop does for an enrollment, and the loop is what a gateway has one of. One thread
 * for all keys, started when it is first needed; it keeps no process alive that waits for nothing.
 */
export class DecryptionThread {
  #worker: Worker | undefined;
  #calls = 0;
  readonly #waiting = new Map<number, Waiting>();

  /** @throws Error when the ciphertext is out of range, GatewayError `internal` when the thread ended */
  rawDecrypt(key: KeyObject, ciphertext: Buffer): Promise<Buffer> {
    const worker = (this.#worker ??= this.#start());
    const call = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject });
      worker.ref();
      // A copy: of a view, all of the memory behind it would be sent.
      worker.postMessage({ call, key, ciphertext: new Uint8Array(ciphertext) });
    });
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(work, { eval: true });
    worker.on('message', (answer: Answer) => this.#settle(answer));
    worker.on('error', () => undefined);
    worker.on('exit', () => this.#end());
    return worker;
  }

  #settle({ call, decrypted }: Answer): void {
    const waiting = this.#waiting.get(call);
    this.#waiting.delete(call);
    if (this.#waiting.size === 0) this.#worker?.unref();
    if (decrypted === undefined) waiting?.reject(new RangeError('the ciphertext is out of range'));
    else waiting?.resolve(Buffer.from(decrypted.buffer, decrypted.byteOffset, decrypted.length));
  }

  /** Who comes next gets another thread. Who waited shall come again: the message was not judged. */
  #end(): void {
    this.#worker = undefined;
    for (const waiting of this.#waiting.values())
      waiting.reject(new GatewayError('internal', 'The thread that decrypts has ended.'));
    this.#waiting.clear();
  }
}
