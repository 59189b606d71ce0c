import {
  constants,
  createPublicKey,
  publicEncrypt,
  randomBytes,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { SoftwareKey } from '../src/keys/index.js';

/**
 * What an enrollment costs at least: three private operations (decryption, signatures of certificate and
 * reply), two verifications (of message and CSR), one encryption. The machine under it may be faster now and
 * slower in a minute, so it is asked again and again in the course of a measurement.
 */
export class RawOperations {
  readonly #key: SoftwareKey;
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  readonly #signature: Buffer;

  constructor(privateKey: KeyObject) {
    this.#key = new SoftwareKey(privateKey);
    this.#privateKey = privateKey;
    this.#publicKey = createPublicKey(privateKey);
    this.#signature = sign('sha256', data, privateKey);
  }

  /** CPU milliseconds of one set, the mean of `rounds`. */
  async millis(rounds = 25): Promise<number> {
    const ciphertext = Buffer.concat([
      Buffer.from([0]),
      randomBytes(this.#key.publicKey.bits / 8 - 1),
    ]);
    const transport = { key: this.#publicKey, padding: constants.RSA_PKCS1_PADDING };
    const start = process.cpuUsage();
    for (let round = 0; round < rounds; round++) {
      await this.#key.rawDecrypt(ciphertext);
      for (let n = 0; n < 2; n++) {
        sign('sha256', data, this.#privateKey);
        verify('sha256', data, this.#publicKey, this.#signature);
      }
      publicEncrypt(transport, contentKey);
    }
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000 / rounds;
  }
}

const data = randomBytes(1000);
const contentKey = randomBytes(16);
