import { GatewayError } from '../errors/index.js';
import { objectClasses, tokenFlags } from './constants.js';
import type { CryptokiFunctions, SessionHandle, Slot } from './cryptoki.js';
import { withinMillis } from './deadline.js';
import { ignoreFailure, type ModuleUse } from './module.js';
import { PinSignIn } from './pin-sign-in.js';
import { Pkcs11Failure } from './return-value.js';
import { Seats } from './seats.js';
import type { TokenInfo } from './structure.js';
import { tokenAmbiguous, tokenNotFound, unavailable, withRefusalTold } from './token-fault.js';
import type { TokenSession, TokenSettings } from './token.types.js';

/** One login: sessions that were opened after it live no longer than it. */
interface Login {
  readonly number: number;
  readonly generation: number;
  readonly slot: Slot;
  /** Stays open and does nothing: the login ends with the last session of the process. */
  readonly anchor: SessionHandle;
  readonly idle: SessionHandle[];
}

/** Operations that wait for a session: behind a token that hangs, no more. */
const mostWaiting = 1000;

/** A key of 4096 bits takes a small device minutes. */
const writeMillis = 300_000;

/** How long a token that did not answer is left alone, so that devices get their 503 at once. */
const restMillis = 1000;

/** Until a PIN that was right before is tried once more, after an answer that may have meant the PIN. */
const doubtMillis = 60_000;

/** The module begins anew for all its tokens: ever more rarely for one that this does not bring back. */
const mostRestartMillis = 60_000;

/** A token that hangs is not waited for by who leaves. */
const closeMillis = 5000;

/**
 * A token with a bounded number of sessions under one login. When it was away, the next operation opens
 * sessions, logs in and, where that does not help, initializes the module anew; until that succeeds every
 * operation rejects with `keys.unavailable`. Which PIN is tried how often, `PinSignIn` says.
 */
export class Token {
  readonly #settings: TokenSettings;
  readonly #module: ModuleUse;
  readonly #now: () => number;
  readonly #seats: Seats;
  readonly #signIn: PinSignIn;
  #login: Promise<Login> | undefined;
  #logins = 0;
  #rest: { readonly until: number; readonly fault: GatewayError } | undefined;
  #lostAt = -Infinity;
  #restart = { notBefore: -Infinity, pauseMillis: restMillis };
  #isClosed = false;

  /** @param now milliseconds of a clock that is never set back */
  constructor(settings: TokenSettings, module: ModuleUse, now = () => performance.now()) {
    this.#settings = settings;
    this.#module = module;
    this.#now = now;
    this.#seats = new Seats(settings.sessions, mostWaiting);
    this.#signIn = new PinSignIn(settings);
  }

  get name(): string {
    return this.#settings.name;
  }

  /** Operations that are under way or wait for a session. */
  get waiting(): number {
    return this.#seats.taken;
  }

  /** Logs in where that was not done yet. @throws GatewayError `keys.pin`, `keys.token`, `keys.unavailable` */
  async open(): Promise<void> {
    const { timeoutMillis } = this.#settings;
    await withinMillis(timeoutMillis, this.#loggedIn(), () => this.#late());
  }

  /**
   * Runs `work` in a session that nobody else uses, once more in a new session where the first was lost:
   * it must not matter whether it runs twice.
   *
   * @param writing for what makes or destroys objects: runs once, and may take its time
   * @throws GatewayError `keys.unavailable`; what `work` rejects with, where the token is not to blame
   */
  run<T>(
    work: (session: TokenSession) => Promise<T>,
    { writing = false }: { readonly writing?: boolean } = {},
  ): Promise<T> {
    if (this.#seats.isFull)
      return Promise.reject(unavailable(this.#settings, 'has too much to do'));
    const { timeoutMillis } = this.#settings;
    let isLate = false;
    const operation = this.#seats.sit(async () => {
      if (isLate) throw this.#late();
      return writing ? this.#told(this.#once(work, true)) : this.#twice(work);
    });
    return withinMillis(Math.max(timeoutMillis, writing ? writeMillis : 0), operation, () => {
      isLate = true;
      return this.#late();
    });
  }

  /** Whether it answers, to somebody who is logged in. @throws GatewayError `keys.*` */
  async check(): Promise<void> {
    const looking = this.run(({ cryptoki, handle }) =>
      cryptoki.findObjects(handle, { class: objectClasses.privateKey }, 1),
    );
    await withRefusalTold(this.#settings, 'show its keys', looking);
  }

  /** Ends the sessions. What is under way is let end by itself; a token that hangs is left to the end of the process. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const millis = Math.min(this.#settings.timeoutMillis, closeMillis);
    await withinMillis(millis, this.#leave(), () => this.#late()).catch((error: unknown) => {
      if (!(error instanceof GatewayError)) throw error;
    });
  }

  async #leave(): Promise<void> {
    const login = await this.#login?.catch(() => undefined);
    if (login) await this.#end(login);
  }

  #late(): GatewayError {
    return unavailable(this.#settings, 'does not answer in time');
  }

  async #twice<T>(work: (session: TokenSession) => Promise<T>): Promise<T> {
    try {
      return await this.#once(work, false);
    } catch (error) {
      if (!(error instanceof Pkcs11Failure) || !error.isPassing) throw error;
    }
    return this.#told(this.#once(work, false));
  }

  /** With an outage told as such. */
  async #told<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      const isOutage = error instanceof Pkcs11Failure && error.isPassing;
      throw isOutage || error instanceof RangeError
        ? unavailable(this.#settings, 'is away', error)
        : error;
    }
  }

  async #once<T>(work: (session: TokenSession) => Promise<T>, writing: boolean): Promise<T> {
    const login = await this.#loggedIn();
    return this.#module.use(async (cryptoki) => {
      if (login.generation !== this.#module.generation) return this.#lost(login);
      const kept = writing ? undefined : login.idle.pop();
      try {
        const handle = kept ?? (await this.#openSession(cryptoki, login, writing));
        try {
          const result = await work({ cryptoki, handle, slot: login.slot, login: login.number });
          if (!writing && !this.#isClosed && login.number === this.#logins) login.idle.push(handle);
          else await cryptoki.closeSession(handle).catch(ignoreFailure);
          return result;
        } catch (error) {
          // An operation may still be active in it.
          await cryptoki.closeSession(handle).catch(ignoreFailure);
          throw error;
        }
      } catch (error) {
        if (error instanceof Pkcs11Failure && error.isPassing) this.#forget(login);
        throw error;
      }
    });
  }

  /** A token with fewer sessions than were configured is none that is away: its login stays. */
  async #openSession(
    cryptoki: CryptokiFunctions,
    { slot }: Login,
    writing: boolean,
  ): Promise<SessionHandle> {
    try {
      return await cryptoki.openSession(slot, writing);
    } catch (error) {
      if (!(error instanceof Pkcs11Failure) || error.returned !== 'CKR_SESSION_COUNT') throw error;
      const { name } = this.#settings;
      throw unavailable(
        this.#settings,
        `gives no more sessions: lower tokens.${name}.sessions`,
        error,
      );
    }
  }

  /** Another operation initialized the module anew since this login. */
  #lost(login: Login): never {
    this.#forget(login);
    throw new Pkcs11Failure('C_OpenSession', cryptokiNotInitialized);
  }

  #forget(login: Login): void {
    if (login.number !== this.#logins) return;
    this.#login = undefined;
    this.#logins += 1;
    const now = this.#now();
    // Once may be an accident. Who loses each login at once may do so by what he is asked.
    if (now - this.#lostAt < restMillis)
      this.#restFor(restMillis, unavailable(this.#settings, 'loses its login again and again'));
    this.#lostAt = now;
    // Nobody waits for this, and what it closes is lost already.
    this.#end(login).catch(() => undefined);
  }

  async #end({ generation, anchor, idle }: Login): Promise<void> {
    await this.#module.use(async (cryptoki) => {
      if (generation !== this.#module.generation) return;
      for (const handle of [...idle.splice(0), anchor])
        await cryptoki.closeSession(handle).catch(ignoreFailure);
    });
  }

  #loggedIn(): Promise<Login> {
    if (this.#login) return this.#login;
    const { fault, until } = this.#rest ?? { until: 0 };
    if (fault && this.#now() < until) return Promise.reject(fault);
    const login = this.#logIn();
    this.#login = login;
    login.catch((error: unknown) => {
      if (this.#login === login) this.#login = undefined;
      this.#restFor(
        this.#signIn.isDoubt(error) ? doubtMillis : restMillis,
        error instanceof GatewayError ? error : unavailable(this.#settings, 'is away', error),
      );
    });
    return login;
  }

  #restFor(millis: number, fault: GatewayError): void {
    this.#rest = { until: this.#now() + millis, fault };
  }

  async #logIn(): Promise<Login> {
    const { generation } = this.#module;
    const pin = await this.#readPin();
    this.#signIn.requireUnrefused(pin);
    const beginning = this.#told(this.#beginOrRestart(generation, pin));
    return withRefusalTold(this.#settings, 'sign in', beginning);
  }

  async #beginOrRestart(generation: number, pin: string | undefined): Promise<Login> {
    try {
      return await this.#begin(pin);
    } catch (error) {
      const helps = worthRestart(error) && !this.#signIn.isDoubt(error);
      if (!helps || !this.#mayRestart(generation)) throw error;
    }
    await this.#module.restart(generation, this.#settings.timeoutMillis);
    return this.#begin(pin);
  }

  /** Where another token did it since, there is nothing to spare. */
  #mayRestart(generation: number): boolean {
    if (generation !== this.#module.generation) return true;
    const now = this.#now();
    const { notBefore, pauseMillis } = this.#restart;
    if (now < notBefore) return false;
    this.#restart = {
      notBefore: now + pauseMillis,
      pauseMillis: Math.min(2 * pauseMillis, mostRestartMillis),
    };
    return true;
  }

  /** A secret that cannot be read stops the start; a gateway that runs tells devices to come again. */
  async #readPin(): Promise<string | undefined> {
    try {
      return await this.#settings.readPin();
    } catch (error) {
      throw this.#logins === 0 ? error : unavailable(this.#settings, 'has no PIN to read', error);
    }
  }

  #begin(pin: string | undefined): Promise<Login> {
    return this.#module.use(async (cryptoki) => {
      const { slot, info } = await this.#find(cryptoki);
      const anchor = await cryptoki.openSession(slot, false);
      try {
        await this.#signIn.attempt(cryptoki, anchor, info, pin);
      } catch (error) {
        await cryptoki.closeSession(anchor).catch(ignoreFailure);
        throw error;
      }
      this.#logins += 1;
      this.#rest = undefined;
      this.#restart = { notBefore: -Infinity, pauseMillis: restMillis };
      const { generation } = this.#module;
      return { number: this.#logins, generation, slot, anchor, idle: [] };
    });
  }

  async #find(
    cryptoki: CryptokiFunctions,
  ): Promise<{ readonly slot: Slot; readonly info: TokenInfo }> {
    const { label, serial } = this.#settings;
    const tokens = await presentTokens(cryptoki);
    const fitting = tokens.filter(
      ({ info }) =>
        (label === undefined || info.label === label) &&
        (serial === undefined || info.serial === serial),
    );
    const [found, other] = fitting;
    if (!found) {
      throw tokenNotFound(
        this.#settings,
        tokens.map(({ info }) => info),
      );
    }
    if (other) throw tokenAmbiguous(this.#settings);
    return found;
  }
}

const cryptokiNotInitialized = 0x190;

/** The token is not there, or the module has lost its way to it. */
function worthRestart(error: unknown): boolean {
  return error instanceof Pkcs11Failure
    ? error.isPassing
    : error instanceof GatewayError && error.code === 'keys.unavailable';
}

/** Initialized ones; a slot that cannot be asked has none. */
async function presentTokens(
  cryptoki: CryptokiFunctions,
): Promise<{ readonly slot: Slot; readonly info: TokenInfo }[]> {
  const tokens = [];
  for (const slot of await cryptoki.slots()) {
    try {
      const info = await cryptoki.tokenInfo(slot);
      if ((info.flags & tokenFlags.initialized) !== 0) tokens.push({ slot, info });
    } catch (error) {
      ignoreFailure(error);
    }
  }
  return tokens;
}
