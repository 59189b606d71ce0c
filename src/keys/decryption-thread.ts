import type { KeyObject } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { GatewayError } from '../errors/index.js';

interface Waiting {
  readonly resolve: (decrypted: Buffer) => void;
  readonly reject: (error: Error) => void;
}

/** Null where the ciphertext is out of range. */
type Answer = Uint8Array | null;

/**
 * A text and no file, so that it runs from sources, from the build and from a bundle alike. A key is sent
 * once and has the number of its coming; answers come in the order of the calls.
 */
const work = `
const { parentPort } = require('node:worker_threads');
const { constants, privateDecrypt } = require('node:crypto');
const keys = [];
function decrypted({ key, ciphertext }) {
  try {
    return privateDecrypt(keys[key], ciphertext);
  } catch {
    return null;
  }
}
parentPort.on('message', (message) => {
  if ('privateKey' in message) keys.push({ key: message.privateKey, padding: constants.RSA_NO_PADDING });
  else parentPort.postMessage(decrypted(message));
});
`;

/**
 * RSADP beside the event loop. Node signs on libuv's pool and decrypts nowhere but where it is called: that
 * was a fifth of what the loop does for an enrollment, and the loop is what a gateway has one of. One thread
 * for all keys, started when it is first needed; it keeps no process alive that waits for nothing.
 */
export class DecryptionThread {
  #worker: Worker | undefined;
  #keys = new Map<KeyObject, number>();
  readonly #waiting: Waiting[] = [];

  /** @throws Error when the ciphertext is out of range, GatewayError `internal` when the thread ended */
  rawDecrypt(key: KeyObject, ciphertext: Buffer): Promise<Buffer> {
    const worker = (this.#worker ??= this.#start());
    return new Promise((resolve, reject) => {
      const number = this.#numberOf(key, worker);
      this.#waiting.push({ resolve, reject });
      worker.ref();
      // A copy: of a view, all of the memory behind it would be sent.
      worker.postMessage({ key: number, ciphertext: new Uint8Array(ciphertext) });
    });
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    // Its messages are small: without a bound its young generation grows to what the main thread has.
    const worker = new Worker(work, {
      eval: true,
      resourceLimits: { maxYoungGenerationSizeMb: 6 },
    });
    worker.on('message', (answer: Answer) => this.#settle(answer));
    worker.on('error', () => undefined);
    worker.on('exit', () => this.#end());
    return worker;
  }

  #numberOf(key: KeyObject, worker: Worker): number {
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    const number = this.#keys.size;
    worker.postMessage({ privateKey: key });
    this.#keys.set(key, number);
    return number;
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.shift();
    if (this.#waiting.length === 0) this.#worker?.unref();
    if (answer === null) waiting?.reject(new RangeError('the ciphertext is out of range'));
    else waiting?.resolve(Buffer.from(answer.buffer, answer.byteOffset, answer.length));
  }

  /** Who comes next gets another thread. Who waited shall come again: the message was not judged. */
  #end(): void {
    this.#worker = undefined;
    this.#keys = new Map();
    for (const waiting of this.#waiting.splice(0))
      waiting.reject(new GatewayError('internal', 'The thread that decrypts has ended.'));
  }
}
