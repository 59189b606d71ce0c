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
    for (const token of byName.values()) await token.close();
    for (const module of modules.values()) await module.close();
  };
  try {
    for (const each of settings) {
      const module = modules.get(each.module) ?? (await Pkcs11Module.open(each.module));
      modules.set(each.module, module);
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
