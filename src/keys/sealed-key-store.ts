import { createPrivateKey, generateKeyPair, hkdf, randomBytes, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { GatewayError } from '../errors/index.js';
import type { RsaKey } from '../x509/index.js';
import { DecryptionThread } from './decryption-thread.js';
import type { KeyStore } from './key-store.js';
import { createKeyUses, type KeyUses } from './key-uses.js';
import { readRsaPkcs8 } from './rsa-private-numbers.js';
import { SealedSecrets } from './sealed-secrets.js';
import type { ScryptCost } from './sealing-key.js';
import type { SecretShelf } from './secret-shelf.js';
import type { SecretSource } from './secret-source.js';
import { SoftwareKey } from './software-key.js';
import { readTokenReference, writeTokenReference, type TokenReference } from './token-reference.js';

const generatePair = promisify(generateKeyPair);
const derive = promisify(hkdf);

const masterFile = 'master.secret';
const suffix = '.key';

/** A name leads to a key, or to the token that has it. */
type KeptKey =
  | { readonly kind: 'sealed'; readonly key: RsaKey }
  | { readonly kind: 'token'; readonly reference: TokenReference };

/**
 * Private keys as `<name>.key`, PKCS#8 sealed with the passphrase (scrypt and AES-256-GCM), and beside them
 * the master secret from which other secrets derive. Whoever opens the same shelf with the same passphrase
 * has the same keys.
 */
export class SealedKeyStore implements KeyStore, SecretSource {
  /** Of keys that were opened here: those of a token are no work of this machine. */
  readonly uses: KeyUses = createKeyUses();
  readonly #sealed: SealedSecrets;
  readonly #decryption = new DecryptionThread();
  #master: Promise<Buffer> | undefined;

  /** `cost` counts only when the store is made; by default it suits a passphrase that a person chose. */
  constructor(shelf: SecretShelf, passphrase: string, cost?: ScryptCost) {
    this.#sealed = new SealedSecrets(shelf, passphrase, cost);
  }

  has(name: string): Promise<boolean> {
    return this.#sealed.has(fileOf(name));
  }

  /** True once any private key was made or imported. */
  async holdsKeys(): Promise<boolean> {
    return holdsKeys(await this.#sealed.names());
  }

  async load(name: string): Promise<RsaKey> {
    const kept = await this.read(name);
    if (kept.kind === 'sealed') return kept.key;
    throw new GatewayError(
      'config.invalid',
      `The private key ${name} lies in the token ${kept.reference.token}, not here.`,
    );
  }

  /** The key, or where it is. @throws as `load` */
  async read(name: string): Promise<KeptKey> {
    const stored = await this.#sealed.read(fileOf(name));
    if (stored !== undefined) {
      const reference = readTokenReference(stored);
      if (reference) return { kind: 'token', reference };
      const key = createPrivateKey({ key: stored, format: 'der', type: 'pkcs8' });
      return { kind: 'sealed', key: this.#opened(key) };
    }
    throw new GatewayError('keys.unreadable', `The private key ${name} is missing.`, {
      mend: `Restore ${this.#sealed.locate(fileOf(name))} from a backup.`,
    });
  }

  async generate(name: string, bits: 2048 | 3072 | 4096): Promise<RsaKey> {
    if (await this.has(name)) throw keyExists(name);
    const { privateKey } = await generatePair('rsa', { modulusLength: bits });
    return this.#keep(name, privateKey);
  }

  async import(name: string, pkcs8Pem: string): Promise<RsaKey> {
    return this.#keep(name, readRsaPkcs8(name, pkcs8Pem));
  }

  /** Keeps under this name where the key is. @throws GatewayError `keys.exists`: never replaces one */
  async refer(name: string, reference: TokenReference): Promise<void> {
    const written = writeTokenReference(reference);
    if ((await this.#sealed.create(fileOf(name), written)) === 'exists') throw keyExists(name);
  }

  async deriveSecret(label: string): Promise<Buffer> {
    this.#master ??= this.#openMaster().catch((error: unknown) => {
      this.#master = undefined;
      throw error;
    });
    const info = `scep-gateway ${label}`;
    return Buffer.from(await derive('sha256', await this.#master, Buffer.alloc(0), info, 32));
  }

  /** Keys that were opened here decrypt once more when they have to, at the cost of another thread. */
  close(): Promise<void> {
    return this.#decryption.close();
  }

  async #keep(name: string, privateKey: KeyObject): Promise<RsaKey> {
    const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
    if ((await this.#sealed.create(fileOf(name), pkcs8)) === 'exists') throw keyExists(name);
    return this.#opened(privateKey);
  }

  #opened(privateKey: KeyObject): RsaKey {
    return new SoftwareKey(privateKey, this.#decryption, this.uses);
  }

  /** Made on first use; of several processes one makes it and the others read it. */
  async #openMaster(): Promise<Buffer> {
    const kept = await this.#sealed.read(masterFile);
    if (kept !== undefined) return kept;
    const made = randomBytes(32);
    if ((await this.#sealed.create(masterFile, made)) === 'created') return made;
    const others = await this.#sealed.read(masterFile);
    if (others === undefined) throw new GatewayError('keys.unreadable', `${masterFile} vanished.`);
    return others;
  }
}

/** Whether there is a private key among what lies on a shelf, which needs no passphrase. */
export function holdsKeys(names: readonly string[]): boolean {
  return names.some((name) => name.endsWith(suffix));
}

/** Names come from the code and from issuer names, but end in a path all the same. */
function fileOf(name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) throw new RangeError('not a key name');
  return `${name}${suffix}`;
}

export function keyExists(name: string): GatewayError {
  return new GatewayError('keys.exists', `There is a private key ${name} already.`, {
    mend: 'Keys are never overwritten. Use another data directory, or move the old one away.',
  });
}
