import { constants, createHash, createHmac, createPublicKey, publicEncrypt } from 'node:crypto';
import { GatewayError } from '../errors/index.js';
import type { TokenRsaKey } from '../pkcs11/index.js';
import { digestInfo, PublicKey, type RsaKey, type SignatureDigest } from '../x509/index.js';

/** An RSA private key in a token: numbers go in and out, the key does not. */
export class TokenKey implements RsaKey {
  readonly publicKey: PublicKey;
  readonly #key: TokenRsaKey;
  readonly #rejectionSecret: Buffer | undefined;

  private constructor(key: TokenRsaKey, publicKey: PublicKey, rejectionSecret: Buffer | undefined) {
    this.#key = key;
    this.publicKey = publicKey;
    this.#rejectionSecret = rejectionSecret;
  }

  /**
   * Uses the key once, where it may open messages.
   * @throws GatewayError `keys.unavailable`, or `keys.token` when private and public key do not belong together
   */
  static async open(key: TokenRsaKey): Promise<TokenKey> {
    const publicKey = publicKeyOf(key);
    if (!key.facts.canDecrypt) return new TokenKey(key, publicKey, undefined);
    const probe = probeFor(key);
    const answer = withZeros(await key.rawDecrypt(probe), probe.length);
    const { keyObject } = publicKey;
    const again = publicEncrypt({ key: keyObject, padding: constants.RSA_NO_PADDING }, answer);
    if (!again.equals(probe)) {
      throw new GatewayError('keys.token', 'A key of the token does not fit its public key.', {
        mend: 'Private and public key object carry the same label and id, but are not one pair: correct that in the token.',
      });
    }
    return new TokenKey(key, publicKey, secretOf(answer));
  }

  get tokenName(): string {
    return this.#key.token.name;
  }

  /** True where the token would hand the key out; undefined where it does not tell. */
  get isExtractable(): boolean | undefined {
    return this.#key.facts.isExtractable;
  }

  sign(digest: SignatureDigest, data: Buffer): Promise<Buffer> {
    return this.#key.sign(digestInfo(digest, data));
  }

  /**
   * A ciphertext out of range (NIST SP 800-56B, section 7.1.2: 1 < c < n - 1) is refused here, where everybody
   * can see it: what a token says to it differs, and could be taken for an outage.
   */
  async rawDecrypt(ciphertext: Buffer): Promise<Buffer> {
    const { modulus } = this.#key.facts;
    if (ciphertext.length !== modulus.length || !isBetween(ciphertext, modulus))
      throw new RangeError('ciphertext out of range');
    return withZeros(await this.#key.rawDecrypt(ciphertext), modulus.length);
  }

  rejectionSecret(): Buffer {
    if (this.#rejectionSecret) return this.#rejectionSecret;
    throw new GatewayError('keys.token', 'A key of a token may not open messages (CKA_DECRYPT).');
  }
}

export function publicKeyOf({ facts: { modulus, publicExponent } }: TokenRsaKey): PublicKey {
  const jwk = {
    kty: 'RSA',
    n: modulus.toString('base64url'),
    e: publicExponent.toString('base64url'),
  };
  return PublicKey.fromKeyObject(createPublicKey({ key: jwk, format: 'jwk' }));
}

/** True where 1 < c < n - 1; n is odd. */
function isBetween(ciphertext: Buffer, modulus: Buffer): boolean {
  const one = Buffer.alloc(modulus.length);
  one.writeUInt8(1, one.length - 1);
  const beforeModulus = Buffer.from(modulus);
  beforeModulus.writeUInt8(modulus.readUInt8(modulus.length - 1) & 0xfe, modulus.length - 1);
  return ciphertext.compare(one) > 0 && ciphertext.compare(beforeModulus) < 0;
}

/** A number below every modulus of its size, the same on every start. */
function probeFor({ facts: { modulus } }: TokenRsaKey): Buffer {
  const octets = createHash('shake256', { outputLength: modulus.length - 1 })
    .update('scep-gateway implicit rejection')
    .digest();
  return Buffer.concat([Buffer.alloc(1), octets]);
}

/**
 * Only who holds the key knows what it makes of the probe; every gateway that uses the token gets the same.
 * What RSADP makes of a message that is sent to us never leaves, that of the probe no more than others.
 */
function secretOf(answer: Buffer): Buffer {
  return createHmac('sha256', 'scep-gateway implicit rejection').update(answer).digest();
}

function withZeros(number: Buffer, octets: number): Buffer {
  if (number.length > octets) throw new RangeError('more octets than the modulus has');
  return Buffer.concat([Buffer.alloc(octets - number.length), number]);
}
