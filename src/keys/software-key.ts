import {
  constants,
  createHash,
  createHmac,
  privateDecrypt,
  sign as signWith,
  type KeyObject,
} from 'node:crypto';
import { PublicKey, type RsaKey, type SignatureDigest } from '../x509/index.js';
import type { DecryptionThread } from './decryption-thread.js';
import type { KeyUses } from './key-uses.js';

/** A private key in this process' memory. Signing runs on libuv's pool, decryption where it is told to. */
export class SoftwareKey implements RsaKey {
  readonly publicKey: PublicKey;
  readonly #privateKey: KeyObject;
  readonly #decryption: Pick<DecryptionThread, 'rawDecrypt'>;
  readonly #uses: Pick<KeyUses, 'count'>;
  #rejectionSecret: Buffer | undefined;

  constructor(
    privateKey: KeyObject,
    decryption: Pick<DecryptionThread, 'rawDecrypt'> = onThisThread,
    uses: Pick<KeyUses, 'count'> = uncounted,
  ) {
    if (privateKey.type !== 'private') throw new TypeError('not a private key');
    this.#privateKey = privateKey;
    this.#decryption = decryption;
    this.#uses = uses;
    this.publicKey = PublicKey.fromKeyObject(privateKey);
  }

  sign(digest: SignatureDigest, data: Buffer): Promise<Buffer> {
    return this.#uses.count(
      () =>
        new Promise((resolve, reject) => {
          signWith(digest, data, this.#privateKey, (error, signature) => {
            if (error) reject(error);
            else resolve(signature);
          });
        }),
    );
  }

  rawDecrypt(ciphertext: Buffer): Promise<Buffer> {
    return this.#uses.count(() => this.#decryption.rawDecrypt(this.#privateKey, ciphertext));
  }

  rejectionSecret(): Buffer {
    this.#rejectionSecret ??= createHmac('sha256', 'scep-gateway implicit rejection')
      .update(
        createHash('sha256')
          .update(this.#privateKey.export({ format: 'der', type: 'pkcs8' }))
          .digest(),
      )
      .digest();
    return this.#rejectionSecret;
  }
}

const uncounted: Pick<KeyUses, 'count'> = { count: (work) => work() };

/** RSADP has no asynchronous form in Node. */
const onThisThread: Pick<DecryptionThread, 'rawDecrypt'> = {
  // RSA_PKCS1_PADDING throws on Node 20 (CVE-2023-46809), and its errors would be an oracle: the
  // caller unpads, in constant time and with implicit rejection.
  rawDecrypt: (key, ciphertext) =>
    new Promise((resolve) => {
      resolve(privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, ciphertext));
    }),
};
