import { realpath } from 'node:fs/promises';
import { Pkcs11Module, type ModuleUse } from './module.js';
import { Token } from './token.js';
import type { TokenSettings } from './token.types.js';

type LoadModule = (
  file: string,
  millis: number,
) => Promise<ModuleUse & Pick<Pkcs11Module, 'close'>>;

/** Tokens that are logged in, and their modules: each is loaded once, however many tokens it has. */
export class Tokens {
  readonly #load: LoadModule;
  readonly #modules = new Map<string, ReturnType<LoadModule>>();
  readonly #tokens: Token[] = [];
  readonly #byName = new Map<string, Token>();

  constructor(load: LoadModule = (file, millis) => Pkcs11Module.open(file, millis)) {
    this.#load = load;
  }

  /** Names as in the configuration. */
  get byName(): ReadonlyMap<string, Token> {
    return this.#byName;
  }

  /** Operations that are under way or wait, of all of them. */
  get waiting(): number {
    return this.#tokens.reduce((sum, token) => sum + token.waiting, 0);
  }

  /**
   * Logs in to one more.
   * @throws GatewayError `keys.module`, `keys.pin`, `keys.token`, `keys.unavailable`
   */
  async open(settings: TokenSettings): Promise<Token> {
    const token = new Token(settings, await this.#moduleOf(settings));
    this.#tokens.push(token);
    await token.open();
    this.#byName.set(settings.name, token);
    return token;
  }

  /** Also of those that did not open. */
  async close(): Promise<void> {
    await Promise.all(this.#tokens.map((token) => token.close()));
    for (const loading of this.#modules.values()) await (await loading).close();
  }

  /** One library by two names is initialized once all the same. A name without a path stays as it is. */
  async #moduleOf({ module, timeoutMillis }: TokenSettings): ReturnType<LoadModule> {
    const file = await realpath(module).catch(() => module);
    const known = this.#modules.get(file);
    if (known) return known;
    const loading = this.#load(module, timeoutMillis);
    this.#modules.set(file, loading);
    loading.catch(() => this.#modules.delete(file));
    return loading;
  }
}

/** All of a configuration, or none. @throws GatewayError as `Tokens.open` */
export async function openTokens(settings: readonly TokenSettings[]): Promise<Tokens> {
  const tokens = new Tokens();
  try {
    for (const each of settings) await tokens.open(each);
  } catch (error) {
    await tokens.close();
    throw error;
  }
  return tokens;
}
