import { realpath } from 'node:fs/promises';
import { Pkcs11Module } from './module.js';
import { Token } from './token.js';
import type { TokenSettings } from './token.types.js';

/** The tokens of a configuration by name, logged in. */
export interface Tokens {
  readonly byName: ReadonlyMap<string, Token>;
  close(): Promise<void>;
}

/**
 * Loads each module once and logs in to each token once.
 * @throws GatewayError `keys.module`, `keys.pin`, `keys.token`, `keys.unavailable`
 */
export async function openTokens(settings: readonly TokenSettings[]): Promise<Tokens> {
  const modules = new Map<string, Pkcs11Module>();
  const byName = new Map<string, Token>();
  const close = async () => {
    await Promise.all([...byName.values()].map((token) => token.close()));
    for (const module of modules.values()) await module.close();
  };
  try {
    for (const each of settings) {
      // One library by two names is initialized once all the same. A name without a path stays as it is.
      const file = await realpath(each.module).catch(() => each.module);
      const module =
        modules.get(file) ?? (await Pkcs11Module.open(each.module, each.timeoutMillis));
      modules.set(file, module);
      const token = new Token(each, module);
      byName.set(each.name, token);
      await token.open();
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { byName, close };
}
