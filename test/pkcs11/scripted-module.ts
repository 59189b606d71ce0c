import { tokenFlags } from '../../src/pkcs11/constants.js';
import type { CryptokiFunctions } from '../../src/pkcs11/cryptoki.js';
import type { ModuleUse } from '../../src/pkcs11/module.js';
import { Pkcs11Failure } from '../../src/pkcs11/return-value.js';

export const returned = {
  generalError: 0x5,
  argumentsBad: 0x7,
  deviceError: 0x30,
  deviceRemoved: 0x32,
  pinIncorrect: 0xa0,
  pinLocked: 0xa4,
  sessionCount: 0xb1,
  sessionInvalid: 0xb3,
  notLoggedIn: 0x101,
  keyNotPermitted: 0x68,
  functionRejected: 0x200,
  ofTheVendor: 0x80000001,
} as const;

export const rightPin = 'right';

/** A PKCS #11 module with one token, in JavaScript: counts what is asked of it, and fails when it is told to. */
export class ScriptedModule implements ModuleUse {
  generation = 1;
  /** C_Login with each PIN. */
  readonly logins: (string | undefined)[] = [];
  readonly sessions = new Set<bigint>();
  mostSessions = 0;
  restarts = 0;
  sessionLimit = 100;
  flags: number = tokenFlags.initialized | tokenFlags.loginRequired;
  label = 'scripted';
  /** While it is set, every function returns this; a restart takes it away where `mendedByRestart`. */
  fault: number | undefined;
  mendedByRestart = false;
  /** What C_Login returns while it is set, whatever the PIN. */
  loginFault: number | undefined;
  /** What C_Login waits for. */
  loginAnswers: Promise<void> = Promise.resolve();
  /** What C_FindObjects does, for tests whose operations are that. */
  operate: () => Promise<void> = () => Promise.resolve();
  #next = 1n;

  use<T>(work: (cryptoki: CryptokiFunctions) => Promise<T>): Promise<T> {
    return work(this.cryptoki);
  }

  restart(generation: number): Promise<void> {
    if (generation !== this.generation) return Promise.resolve();
    this.restarts += 1;
    this.generation += 1;
    this.sessions.clear();
    if (this.mendedByRestart) this.fault = undefined;
    return Promise.resolve();
  }

  /** What somebody else did to our sessions. */
  loseSessions(): void {
    this.sessions.clear();
  }

  async #call(name: string, session?: bigint): Promise<void> {
    await Promise.resolve();
    if (this.fault !== undefined) throw new Pkcs11Failure(name, this.fault);
    if (session !== undefined && !this.sessions.has(session))
      throw new Pkcs11Failure(name, returned.sessionInvalid);
  }

  readonly cryptoki: CryptokiFunctions = {
    initialize: () => this.#call('C_Initialize'),
    finalize: () => this.#call('C_Finalize'),
    slots: async () => {
      await this.#call('C_GetSlotList');
      return [7n];
    },
    tokenInfo: async () => {
      await this.#call('C_GetTokenInfo');
      const { label, flags } = this;
      return { label, manufacturer: 'tests', model: 'scripted', serial: '1', flags };
    },
    mechanism: async () => {
      await this.#call('C_GetMechanismInfo');
      return { minKeySize: 512, maxKeySize: 4096, flags: 0xffffffff };
    },
    openSession: async () => {
      await this.#call('C_OpenSession');
      if (this.sessions.size >= this.sessionLimit)
        throw new Pkcs11Failure('C_OpenSession', returned.sessionCount);
      const session = this.#next++;
      this.sessions.add(session);
      this.mostSessions = Math.max(this.mostSessions, this.sessions.size);
      return session;
    },
    closeSession: async (session) => {
      await this.#call('C_CloseSession', session);
      this.sessions.delete(session);
    },
    login: async (session, pin) => {
      await this.#call('C_Login', session);
      this.logins.push(pin);
      await this.loginAnswers;
      if (this.loginFault !== undefined) throw new Pkcs11Failure('C_Login', this.loginFault);
      if (pin !== rightPin) throw new Pkcs11Failure('C_Login', returned.pinIncorrect);
    },
    findObjects: async (session) => {
      await this.#call('C_FindObjects', session);
      await this.operate();
      return [1n];
    },
    attributes: () => Promise.resolve({}),
    sign: () => Promise.resolve(Buffer.alloc(0)),
    decrypt: () => Promise.resolve(Buffer.alloc(0)),
    generateKeyPair: () => Promise.resolve(),
    createObject: () => Promise.resolve(),
    destroyObject: () => Promise.resolve(),
  };
}
