import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { GatewayError } from '../errors/index.js';
import { readPem, toPem } from '../x509/index.js';
import { defaultScryptCost, SealingKey, type ScryptCost } from './sealing-key.js';
import type { SecretShelf } from './secret-shelf.js';

/** `seal.json`: how the passphrase becomes the sealing key. Not secret, but without it nothing opens. */
const sealSchema = z.strictObject({
  version: z.literal(1),
  scrypt: z.strictObject({
    N: z.literal(powersOfTwo(1, 20)),
    r: z.int().min(1).max(16),
    p: z.int().min(1).max(16),
    salt: z.base64(),
  }),
  /** An empty box: tells a wrong passphrase from a damaged file. */
  check: z.base64(),
});

function powersOfTwo(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => 2 ** (from + i));
}

type Seal = z.infer<typeof sealSchema>;

export const sealFile = 'seal.json';
const label = 'SCEP GATEWAY SEALED SECRET';
const checkPurpose = 'check';

/**
 * Small secrets sealed with one passphrase. An own envelope, not encrypted PKCS#8: what Node and OpenSSL
 * write there is PBKDF2 with 2048 rounds, too little for a passphrase that a person chose, is not
 * authenticated, and would be derived anew for every file.
 */
export class SealedSecrets {
  readonly #shelf: SecretShelf;
  readonly #passphrase: string;
  readonly #cost: ScryptCost;
  #sealingKey: Promise<SealingKey> | undefined;

  constructor(shelf: SecretShelf, passphrase: string, cost: ScryptCost = defaultScryptCost) {
    this.#shelf = shelf;
    this.#passphrase = passphrase;
    this.#cost = cost;
  }

  locate(name: string): string {
    return this.#shelf.locate(name);
  }

  names(): Promise<readonly string[]> {
    return this.#shelf.names();
  }

  async has(name: string): Promise<boolean> {
    return (await this.#shelf.read(name)) !== undefined;
  }

  /** Undefined when there is none. @throws GatewayError `keys.passphrase`, `keys.unreadable` */
  async read(name: string): Promise<Buffer | undefined> {
    const text = await this.#shelf.read(name);
    if (text === undefined) return undefined;
    const secret = (await this.#unlock()).open(name, this.#decode(name, text));
    if (secret === undefined) throw this.#unreadable(name, 'is damaged or not from this key store');
    return secret;
  }

  /** Never replaces one. @throws GatewayError `keys.passphrase`, `keys.unreadable` */
  async create(name: string, secret: Buffer): Promise<'created' | 'exists'> {
    const box = (await this.#unlock()).seal(name, secret);
    return this.#shelf.create(name, toPem(label, box));
  }

  /** Once: the derivation is slow on purpose. */
  #unlock(): Promise<SealingKey> {
    this.#sealingKey ??= this.#openSeal().catch((error: unknown) => {
      this.#sealingKey = undefined;
      throw error;
    });
    return this.#sealingKey;
  }

  async #openSeal(): Promise<SealingKey> {
    if (this.#passphrase === '')
      throw new GatewayError('keys.passphrase', 'The passphrase of the key store is empty.', {
        mend: 'Set `data.passphrase` to a file, variable or credential with the passphrase in it.',
      });
    const seal = (await this.#readSeal()) ?? (await this.#makeSeal());
    const { N, r, p, salt } = seal.scrypt;
    const key = await SealingKey.derive(this.#passphrase, Buffer.from(salt, 'base64'), { N, r, p });
    if (key.open(checkPurpose, Buffer.from(seal.check, 'base64')) !== undefined) return key;
    throw new GatewayError(
      'keys.passphrase',
      `The passphrase does not open ${this.#shelf.place}.`,
      {
        mend: 'Set `data.passphrase` to the passphrase these keys were made with, or restore the generated `passphrase` file from a backup.',
      },
    );
  }

  async #makeSeal(): Promise<Seal> {
    await this.#refuseLostSeal();
    const salt = randomBytes(16);
    const key = await SealingKey.derive(this.#passphrase, salt, this.#cost);
    const check = key.seal(checkPurpose, Buffer.alloc(0)).toString('base64');
    const seal: Seal = {
      version: 1,
      scrypt: { ...this.#cost, salt: salt.toString('base64') },
      check,
    };
    const made = await this.#shelf.create(sealFile, `${JSON.stringify(seal, undefined, 2)}\n`);
    const kept = made === 'created' ? seal : await this.#readSeal();
    if (kept === undefined) throw this.#unreadable(sealFile, 'has vanished');
    return kept;
  }

  /** A new salt would turn a lost file into keys that seem damaged, one by one. */
  async #refuseLostSeal(): Promise<void> {
    const kept = (await this.#shelf.names()).filter((name) => !name.startsWith('.'));
    if (kept.length > 0 && !kept.includes(sealFile))
      throw this.#unreadable(sealFile, 'is missing, and the keys beside it do not open without it');
  }

  async #readSeal(): Promise<Seal | undefined> {
    const text = await this.#shelf.read(sealFile);
    if (text === undefined) return undefined;
    try {
      return sealSchema.parse(JSON.parse(text));
    } catch (cause) {
      throw this.#unreadable(sealFile, 'is damaged', cause);
    }
  }

  #decode(name: string, text: string): Buffer {
    try {
      const [block] = readPem(text);
      if (block?.label === label) return block.der;
    } catch (cause) {
      throw this.#unreadable(name, 'is damaged', cause);
    }
    throw this.#unreadable(name, 'is not a sealed secret of this gateway');
  }

  #unreadable(name: string, what: string, cause?: unknown): GatewayError {
    const { mend } = this.#shelf;
    return new GatewayError('keys.unreadable', `${this.locate(name)} ${what}.`, { cause, mend });
  }
}
