/** Keys that stay in tokens, under names of the key store. */
import { randomBytes } from 'node:crypto';
import { GatewayError } from '../errors/index.js';
import {
  addressText,
  destroyRsaKey,
  findRsaKey,
  generateRsaKey,
  importRsaKey,
  type KeyAddress,
  type RsaKeyUsage,
  type Token,
  type TokenRsaKey,
} from '../pkcs11/index.js';
import type { PublicKey, RsaKey } from '../x509/index.js';
import { readRsaPkcs8, rsaPrivateNumbers } from './rsa-private-numbers.js';
import { keyExists, type SealedKeyStore } from './sealed-key-store.js';
import { publicKeyOf, TokenKey } from './token-key.js';
import type { TokenReference } from './token-reference.js';

/**
 * Of a key in a token a sealed reference is kept: it makes the name, as a token would keep two keys of one name.
 */
export class TokenKeys {
  constructor(
    private readonly sealed: SealedKeyStore,
    private readonly tokens: ReadonlyMap<string, Token>,
    private readonly usageOf: (name: string) => RsaKeyUsage,
  ) {}

  generate(name: string, token: Token, bits: 2048 | 3072 | 4096): Promise<RsaKey> {
    const usage = this.usageOf(name);
    return this.#make(name, token, (address) => generateRsaKey(token, address, { bits, usage }));
  }

  import(name: string, token: Token, pkcs8Pem: string): Promise<RsaKey> {
    const usage = this.usageOf(name);
    const numbers = rsaPrivateNumbers(readRsaPkcs8(name, pkcs8Pem));
    return this.#make(name, token, (address) => importRsaKey(token, address, { numbers, usage }));
  }

  /** Of a key that the token has already. @throws GatewayError `keys.*` */
  async publicKeyIn(token: Token, address: KeyAddress): Promise<PublicKey> {
    return publicKeyOf(await presentKey(token, address));
  }

  /** Gives a key that the token has already this name. @throws GatewayError `keys.*` */
  async adopt(name: string, token: Token, address: KeyAddress): Promise<RsaKey> {
    const found = await presentKey(token, address);
    const key = await this.#usable(name, token, address, found);
    await this.sealed.refer(name, referenceTo(token, address, key));
    return key;
  }

  async #make(
    name: string,
    token: Token,
    create: (address: Required<KeyAddress>) => Promise<void>,
  ): Promise<RsaKey> {
    if (await this.sealed.has(name)) throw keyExists(name);
    const address = { label: name, id: randomBytes(16).toString('hex') };
    await create(address);
    try {
      const found = await presentKey(token, address);
      const key = await this.#usable(name, token, address, found);
      await this.sealed.refer(name, referenceTo(token, address, key));
      return key;
    } catch (error) {
      await destroyRsaKey(token, address).catch(() => undefined);
      throw error;
    }
  }

  async open(name: string, reference: TokenReference): Promise<RsaKey> {
    const token = this.tokens.get(reference.token);
    if (token === undefined) {
      throw new GatewayError(
        'config.invalid',
        `The private key ${name} lies in the token ${reference.token}, which is not open.`,
        { mend: `It has to stand under \`tokens\` as ${reference.token}, and be there.` },
      );
    }
    const found = await presentKey(token, reference);
    if (publicKeyOf(found).id !== reference.keyId) {
      throw new GatewayError(
        'keys.token',
        `The token ${token.name} has another key with ${addressText(reference)} than before.`,
        { mend: `The private key ${name} is gone: restore the token from its backup.` },
      );
    }
    return this.#usable(name, token, reference, found);
  }

  /** @throws GatewayError `keys.token` for a key that cannot do what its place wants */
  async #usable(
    name: string,
    token: Token,
    address: KeyAddress,
    found: TokenRsaKey,
  ): Promise<RsaKey> {
    const { canSign, canDecrypt } = found.facts;
    const usage = this.usageOf(name);
    if (!canSign) {
      throw new GatewayError(
        'keys.token',
        `The key with ${addressText(address)} in the token ${token.name} may not sign (CKA_SIGN).`,
        { mend: 'Use a key that may.' },
      );
    }
    if (usage === 'sign-and-decrypt' && !canDecrypt) {
      throw new GatewayError(
        'keys.token',
        `The token ${token.name} does not open messages with ${addressText(address)}: it needs raw RSA (CKM_RSA_X_509) and CKA_DECRYPT.`,
        {
          mend: 'Keep RA keys in files: remove `raKeyToken` from the issuer, and `caCertShape: ca-only` from its profiles. A token that unpads by itself tells attackers whether it could.',
        },
      );
    }
    return TokenKey.open(found);
  }
}

async function presentKey(token: Token, address: KeyAddress): Promise<TokenRsaKey> {
  const found = await findRsaKey(token, address);
  if (found) return found;
  throw new GatewayError(
    'keys.token',
    `The token ${token.name} has no RSA private key with ${addressText(address)}.`,
    {
      mend: 'Look what it has (pkcs11-tool --login --list-objects); restore it from its backup where it had one.',
    },
  );
}

function referenceTo(
  token: Token,
  { label, id }: KeyAddress,
  { publicKey }: RsaKey,
): TokenReference {
  return {
    format: 'pkcs11',
    token: token.name,
    ...(label !== undefined && { label }),
    ...(id !== undefined && { id }),
    keyId: publicKey.id,
  };
}
