import type { KeyAddress, RsaKeyUsage, Token } from '../pkcs11/index.js';
import type { PublicKey, RsaKey } from '../x509/index.js';
import type { KeyStore } from './key-store.js';
import type { SealedKeyStore } from './sealed-key-store.js';
import type { TokenKeys } from './token-keys.js';

/** Where a new key goes, and what it will be asked to do. */
export interface KeyPlace {
  /** Undefined for the sealed keys. */
  readonly token: Token | undefined;
  readonly usage: RsaKeyUsage;
}

/**
 * Sealed keys and keys in tokens under one set of names. New ones go where `placeOf` says; those that are there
 * are opened wherever they are, so that a key may move by being replaced. What it takes to use a token is loaded
 * with the first key that is in one.
 */
export class PlacedKeyStore implements KeyStore {
  constructor(
    private readonly sealed: SealedKeyStore,
    private readonly tokens: ReadonlyMap<string, Token>,
    private readonly placeOf: (name: string) => KeyPlace,
  ) {}

  has(name: string): Promise<boolean> {
    return this.sealed.has(name);
  }

  async load(name: string): Promise<RsaKey> {
    const kept = await this.sealed.read(name);
    return kept.kind === 'sealed' ? kept.key : (await this.#tokenKeys()).open(name, kept.reference);
  }

  async generate(name: string, bits: 2048 | 3072 | 4096): Promise<RsaKey> {
    const { token } = this.placeOf(name);
    if (token === undefined) return this.sealed.generate(name, bits);
    return (await this.#tokenKeys()).generate(name, token, bits);
  }

  async import(name: string, pkcs8Pem: string): Promise<RsaKey> {
    const { token } = this.placeOf(name);
    if (token === undefined) return this.sealed.import(name, pkcs8Pem);
    return (await this.#tokenKeys()).import(name, token, pkcs8Pem);
  }

  /** Of a key that the token has already. @throws GatewayError `keys.*` */
  async publicKeyIn(token: Token, address: KeyAddress): Promise<PublicKey> {
    return (await this.#tokenKeys()).publicKeyIn(token, address);
  }

  /** Gives a key that the token has already this name. @throws GatewayError `keys.*` */
  async adopt(name: string, token: Token, address: KeyAddress): Promise<RsaKey> {
    return (await this.#tokenKeys()).adopt(name, token, address);
  }

  async #tokenKeys(): Promise<TokenKeys> {
    const { TokenKeys } = await import('./token-keys.js');
    return new TokenKeys(this.sealed, this.tokens, (name) => this.placeOf(name).usage);
  }
}
