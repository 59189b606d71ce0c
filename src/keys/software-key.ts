import {
  constants,
  createHash,
  createHmac,
  privateDecrypt,
  sign as signWith,
  type KeyObject,
} from 'node:crypto';
import { PublicKey, type RsaKey, type SignatureDigest } from '../x509/index.js';

/** A private key in this process' memory. Signing runs on libuv's pool; RSADP has no asynchronous form in Node. */
export class SoftwareKey implements RsaKey {
  readonly publicKey: PublicKey;
  readonly #privateKey: KeyObject;
  #rejectionSecret: Buffer | undefined;

  constructor(privateKey: KeyObject) {
    if (privateKey.type !== 'private') throw new TypeError('not a private key');
    this.#privateKey = privateKey;
    this.publicKey = PublicKey.fromKeyObject(privateKey);
  }

  sign(digest: SignatureDigest, data: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      signWith(digest, data, this.#privateKey, (error, signature) => {
        if (error) reject(error);
        else resolve(signature);
      });
    });
  }

  rawDecrypt(ciphertext: Buffer): Promise<Buffer> {
    // RSA_PKCS1_PADDING throws on Node 20 (CVE-2023-46809), and its errors would be an oracle: the
    // caller unpads, in constant time and with implicit rejection.
    return new Promise((resolve) => {
      resolve(
        privateDecrypt({ key: this.#privateKey, padding: constants.RSA_NO_PADDING }, ciphertext),
      );
    });
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
