import type { RsaKey } from '../../x509/index.js';
import type { AuthorityKeys } from './local-authority.types.js';

/** The authority's private keys by name, each opened once, however often the state is read again. */
export class KeyRing {
  readonly #loaded = new Map<string, Promise<RsaKey>>();

  constructor(readonly store: AuthorityKeys) {}

  load(name: string): Promise<RsaKey> {
    const known = this.#loaded.get(name);
    if (known !== undefined) return known;
    const key = this.store.load(name);
    this.#loaded.set(name, key);
    key.catch(() => this.#loaded.delete(name));
    return key;
  }
}
