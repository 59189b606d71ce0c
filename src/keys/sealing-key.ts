import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';

/** Cost of scrypt (RFC 7914); N is the number of rounds, 128·N·r octets the memory. */
export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** 128 MiB and about a third of a second, once per start: what OWASP asks for where people choose passphrases. */
export const defaultScryptCost: ScryptCost = { N: 2 ** 17, r: 8, p: 1 };

/** For `ensureGeneratedPassphrase`: 256 random bits need no stretching, and the start stays fast. */
export const generatedPassphraseCost: ScryptCost = { N: 2 ** 12, r: 8, p: 1 };

const nonceOctets = 12;
const tagOctets = 16;

/**
 * AES-256-GCM under a key derived from a passphrase. A sealed box carries nonce, tag and ciphertext, and
 * opens only for the purpose it was sealed for, so that no file can stand in for another.
 */
export class SealingKey {
  readonly #key: Buffer;

  private constructor(key: Buffer) {
    this.#key = key;
  }

  static derive(passphrase: string, salt: Buffer, { N, r, p }: ScryptCost): Promise<SealingKey> {
    const options = { N, r, p, maxmem: 128 * r * (N + p + 2) };
    return new Promise((resolve, reject) => {
      // NFKC: the same passphrase typed on another system may arrive composed differently.
      scrypt(passphrase.normalize('NFKC'), salt, 32, options, (error, key) => {
        if (error) reject(error);
        else resolve(new SealingKey(key));
      });
    });
  }

  seal(purpose: string, plaintext: Buffer): Buffer {
    const nonce = randomBytes(nonceOctets);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(purpose));
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]);
  }

  /** Undefined when the box is damaged, for another purpose, or sealed with another passphrase. */
  open(purpose: string, box: Buffer): Buffer | undefined {
    const ciphertext = box.subarray(nonceOctets + tagOctets);
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, box.subarray(0, nonceOctets), {
        authTagLength: tagOctets,
      })
        .setAAD(Buffer.from(purpose))
        .setAuthTag(box.subarray(nonceOctets, nonceOctets + tagOctets));
      return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
    } catch {
      return undefined;
    }
  }
}
