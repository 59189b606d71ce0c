import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { GatewayError } from '../../src/errors/index.js';
import { SoftwareKey, type KeyStore } from '../../src/keys/index.js';
import type { RsaKey } from '../../src/x509/index.js';
import { testKeyObject, type TestKeyName } from './keys.js';

/** Keys made when the fixtures do not suffice, kept for the other tests of the file. */
const spareKeys: KeyObject[] = [];

/**
 * A key store in memory. 2048-bit keys come from fixtures/keys until those are used up, so that no test
 * waits for key generation; `client` and `client-2` come last, tests use them as devices' keys.
 */
export class MemoryKeyStore implements KeyStore {
  readonly #keys = new Map<string, KeyObject>();
  #spares = 0;
  readonly #fixtures: TestKeyName[] = [
    'ca',
    'ra-sign',
    'ra-encrypt',
    'ra-old',
    'client-2',
    'client',
  ];

  get names(): readonly string[] {
    return [...this.#keys.keys()];
  }

  load(name: string): Promise<RsaKey> {
    const key = this.#keys.get(name);
    return key
      ? Promise.resolve(new SoftwareKey(key))
      : Promise.reject(new GatewayError('keys.unreadable', `The private key ${name} is missing.`));
  }

  has(name: string): Promise<boolean> {
    return Promise.resolve(this.#keys.has(name));
  }

  generate(name: string, bits: 2048 | 3072 | 4096): Promise<RsaKey> {
    return this.#keep(name, bits === 2048 ? this.#fixedKey() : newKey(bits));
  }

  import(name: string, pkcs8Pem: string): Promise<RsaKey> {
    return this.#keep(name, createPrivateKey(pkcs8Pem));
  }

  /** As when a key file is lost. */
  forget(name: string): void {
    this.#keys.delete(name);
  }

  #fixedKey(): KeyObject {
    const fixture = this.#fixtures.shift();
    if (fixture) return testKeyObject(fixture);
    return (spareKeys[this.#spares++] ??= newKey(2048));
  }

  #keep(name: string, key: KeyObject): Promise<RsaKey> {
    if (this.#keys.has(name))
      return Promise.reject(
        new GatewayError('keys.unreadable', `The private key ${name} exists already.`),
      );
    this.#keys.set(name, key);
    return Promise.resolve(new SoftwareKey(key));
  }
}

function newKey(bits: number): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength: bits }).privateKey;
}
