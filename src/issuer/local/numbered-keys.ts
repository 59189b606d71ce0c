import { GatewayError } from '../../errors/index.js';
import type { PublicKey, RsaKey } from '../../x509/index.js';
import type { AuthorityRecord } from './authority-record.js';
import type { CheckedKeyPair } from './imported-key-pair.js';
import type { KeyRing } from './key-ring.js';
import type { RsaKeyBits } from './local-authority.types.js';

export type KeyNumbers = AuthorityRecord['keyNumbers'];
export type KeyRole = keyof KeyNumbers;

/** Of RA keys; others are those of CAs. */
export function isRaKeyName(name: string): boolean {
  return /-ra(?:-sign|-encrypt)?-\d+$/.test(name);
}

export interface NumberedKey {
  /** In the key store: `local-ra-sign-2`. */
  readonly name: string;
  readonly number: number;
  readonly key: RsaKey;
}

/**
 * Makes new keys under names no record holds yet. A key is made before the record that names it is
 * written, so a stop in between, or a second process at the same work, leaves a key nobody names: it is
 * taken up, not refused.
 */
export class NumberedKeys {
  readonly #ring: KeyRing;
  readonly #issuer: string;
  readonly #last: { -readonly [role in KeyRole]: number };

  constructor(ring: KeyRing, issuer: string, last: KeyNumbers) {
    this.#ring = ring;
    this.#issuer = issuer;
    this.#last = { ...last };
  }

  /** The last numbers used, with those of the keys made here. */
  get numbers(): KeyNumbers {
    return { ...this.#last };
  }

  make(role: KeyRole, bits: RsaKeyBits): Promise<NumberedKey> {
    return this.#next(
      role,
      (name) => this.#ring.store.generate(name, bits),
      (found) => found.bits === bits,
    );
  }

  /** Keeps the imported private key of `publicKey`. */
  keep(role: KeyRole, { keep, publicKey }: CheckedKeyPair): Promise<NumberedKey> {
    return this.#next(
      role,
      (name) => keep(this.#ring.store, name),
      (found) => found.id === publicKey.id,
    );
  }

  async #next(
    role: KeyRole,
    create: (name: string) => Promise<RsaKey>,
    fits: (found: PublicKey) => boolean,
  ): Promise<NumberedKey> {
    const first = this.#last[role] + 1;
    for (let number = first; number < first + 100; number++) {
      const name = `${this.#issuer}-${role}-${number}`;
      const key = await this.#createOrFind(name, create);
      this.#last[role] = number;
      if (fits(key.publicKey)) return { name, number, key };
    }
    throw new GatewayError(
      'keys.unreadable',
      `The key store holds too many keys like ${this.#issuer}-${role}-${first} that no certificate belongs to.`,
    );
  }

  async #createOrFind(name: string, create: (name: string) => Promise<RsaKey>): Promise<RsaKey> {
    const { store } = this.#ring;
    if (await store.has(name)) return this.#ring.load(name);
    try {
      return await create(name);
    } catch (error) {
      // Another process was quicker: the store refuses to overwrite.
      if (await store.has(name)) return this.#ring.load(name);
      throw error;
    }
  }
}
