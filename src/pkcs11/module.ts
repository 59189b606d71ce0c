import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../errors/index.js';
import { Cryptoki, type CryptokiFunctions } from './cryptoki.js';
import { withinMillis } from './deadline.js';
import { Pkcs11Failure } from './return-value.js';

/** C_Finalize may hang as any other call: the process ends without it. */
const finalizeMillis = 2000;

/** What a token does with its module. */
export type ModuleUse = Pick<Pkcs11Module, 'generation' | 'use' | 'restart'>;

/**
 * A PKCS #11 library in this process. It is initialized once for all its tokens, and anew where that is the
 * only way back to a token that was away: a module that speaks to a server often keeps its broken connection
 * until then. What was opened before belongs to an older `generation`.
 */
export class Pkcs11Module {
  readonly #cryptoki: Cryptoki;
  #generation = 1;
  #running = 0;
  #whenIdle: (() => void) | undefined;
  #restarting: Promise<void> | undefined;
  /** False where somebody else in this process did it: who began it ends it. */
  #isOurs: boolean;

  private constructor(cryptoki: Cryptoki, isOurs: boolean) {
    this.#cryptoki = cryptoki;
    this.#isOurs = isOurs;
  }

  /**
   * @param millis until it is told to hang
   * @throws GatewayError `keys.module`, `keys.unavailable`
   */
  static async open(file: string, millis: number): Promise<Pkcs11Module> {
    const cryptoki = await Cryptoki.load(file);
    const late = () => new RangeError('C_Initialize does not return');
    try {
      return new Pkcs11Module(cryptoki, await withinMillis(millis, initialize(cryptoki), late));
    } catch (cause) {
      if (!(cause instanceof Pkcs11Failure || cause instanceof RangeError)) throw cause;
      const cannotLock = cause instanceof Pkcs11Failure && cause.returned === 'CKR_CANT_LOCK';
      throw new GatewayError(
        cannotLock ? 'keys.module' : 'keys.unavailable',
        `The PKCS #11 module ${file} does not start: ${cause.message}.`,
        {
          cause,
          mend: 'Look at its configuration file, its log and the service that it speaks to.',
        },
      );
    }
  }

  get generation(): number {
    return this.#generation;
  }

  /** Runs what calls the module, unless it is just being initialized anew: then after that. */
  async use<T>(work: (cryptoki: CryptokiFunctions) => Promise<T>): Promise<T> {
    // Its failure is told to who asked for it; who comes after tries for himself.
    while (this.#restarting) await this.#restarting.catch(() => undefined);
    this.#running += 1;
    try {
      return await work(this.#cryptoki);
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#whenIdle?.();
    }
  }

  /**
   * C_Finalize and C_Initialize, when no call is under way: their behaviour is undefined otherwise.
   * Nothing where another did it since `generation`.
   * @throws Pkcs11Failure, or RangeError when calls do not end in time
   */
  restart(generation: number, millis: number): Promise<void> {
    if (generation !== this.#generation) return Promise.resolve();
    this.#restarting ??= this.#restart(millis).finally(() => {
      this.#restarting = undefined;
    });
    return this.#restarting;
  }

  async #restart(millis: number): Promise<void> {
    await withinMillis(millis, this.#idle(), () => new RangeError('calls to the token do not end'));
    this.#generation += 1;
    if (this.#isOurs) await this.#cryptoki.finalize().catch(ignoreFailure);
    this.#isOurs = await initialize(this.#cryptoki);
  }

  #idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenIdle = () => {
        this.#whenIdle = undefined;
        resolve();
      };
    });
  }

  /** Ends the module for this process, when it is idle; calls that hang are left to the end of the process. */
  async close(): Promise<void> {
    if (this.#running > 0 || this.#restarting || !this.#isOurs) return;
    const ending = this.#cryptoki.finalize().catch(ignoreFailure);
    await Promise.race([ending, sleep(finalizeMillis, undefined, { ref: false })]);
  }
}

/** @returns false where it was initialized before */
async function initialize(cryptoki: Cryptoki): Promise<boolean> {
  try {
    await cryptoki.initialize();
    return true;
  } catch (error) {
    if (error instanceof Pkcs11Failure && error.returned === 'CKR_CRYPTOKI_ALREADY_INITIALIZED')
      return false;
    throw error;
  }
}

/** What cannot be ended needs no end. */
export function ignoreFailure(error: unknown): void {
  if (!(error instanceof Pkcs11Failure)) throw error;
}
