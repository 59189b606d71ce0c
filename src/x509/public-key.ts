import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { der, parseBer, tag, type BerNode } from '../asn1/index.js';
import { GatewayError } from '../errors/index.js';

export const keyOids = { rsa: '1.2.840.113549.1.1.1', ec: '1.2.840.10045.2.1' } as const;

export type EcCurve = 'P-256' | 'P-384' | 'P-521';

const curves: ReadonlyMap<string, { curve: EcCurve; bits: number }> = new Map([
  ['1.2.840.10045.3.1.7', { curve: 'P-256', bits: 256 }],
  ['1.3.132.0.34', { curve: 'P-384', bits: 384 }],
  ['1.3.132.0.35', { curve: 'P-521', bits: 521 }],
]);

/** SHA-256 of a SubjectPublicKeyInfo, lower-case hex: how the gateway names a key. */
export type KeyId = string & { readonly __brand: 'KeyId' };

/** A SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) with what policy wants to know of it. */
export class PublicKey {
  #keyObject: KeyObject | undefined;
  #id: KeyId | undefined;

  private constructor(
    /**
     * The SubjectPublicKeyInfo, written anew as DER: it goes into certificates, and one key shall have
     * one `id` whether its parameters are NULL or absent. As received for the kind `other`.
     */
    readonly spki: Buffer,
    readonly kind: 'rsa' | 'ec' | 'other',
    /** Modulus or field size in bits; 0 for `other`. */
    readonly bits: number,
    readonly curve: EcCurve | undefined,
  ) {}

  static fromNode(node: BerNode): PublicKey {
    const algorithm = node.child(0).child(0).oid();
    if (algorithm === keyOids.rsa) {
      const key = parseBer(node.child(1).bits());
      const modulus = key.child(0).integerBytes();
      return new PublicKey(
        rsaSpki(modulus, key.child(1).integerBytes()),
        'rsa',
        bitLength(modulus),
        undefined,
      );
    }
    if (algorithm === keyOids.ec) {
      const parameters = node.child(0).children[1];
      const named = parameters?.tag === tag.oid ? curves.get(parameters.oid()) : undefined;
      if (parameters && named)
        return new PublicKey(
          ecSpki(parameters, node.child(1).bits()),
          'ec',
          named.bits,
          named.curve,
        );
    }
    return new PublicKey(node.raw, 'other', 0, undefined);
  }

  static fromSpki(spki: Buffer): PublicKey {
    return PublicKey.fromNode(parseBer(spki));
  }

  static fromKeyObject(key: KeyObject): PublicKey {
    const publicKey = key.type === 'private' ? createPublicKey(key) : key;
    return PublicKey.fromSpki(publicKey.export({ format: 'der', type: 'spki' }));
  }

  get id(): KeyId {
    this.#id ??= createHash('sha256').update(this.spki).digest('hex') as KeyId;
    return this.#id;
  }

  /** @throws GatewayError `x509.malformed` when OpenSSL refuses the key. */
  get keyObject(): KeyObject {
    try {
      this.#keyObject ??= this.#import();
      return this.#keyObject;
    } catch (cause) {
      throw new GatewayError('x509.malformed', 'The public key cannot be used.', { cause });
    }
  }

  /**
   * An RSA key goes in as PKCS#1: OpenSSL 3 takes 0.2 ms to find out what a SubjectPublicKeyInfo is and
   * 0.005 ms for a bare RSAPublicKey, and every request brings a new key.
   */
  #import(): KeyObject {
    return this.kind === 'rsa'
      ? createPublicKey({ key: this.#bits, format: 'der', type: 'pkcs1' })
      : createPublicKey({ key: this.spki, format: 'der', type: 'spki' });
  }

  /** subjectPublicKey, the value of the BIT STRING. */
  get #bits(): Buffer {
    return parseBer(this.spki).child(1).bits();
  }

  /** "RSA 2048", "EC P-256": for texts people read. */
  get description(): string {
    if (this.kind === 'rsa') return `RSA ${this.bits}`;
    return this.kind === 'ec' ? `EC ${this.curve ?? ''}` : 'unknown key type';
  }

  /** RFC 5280 §4.2.1.2 method 1: SHA-1 of the BIT STRING value. */
  get subjectKeyIdentifier(): Buffer {
    return createHash('sha1').update(this.#bits).digest();
  }
}

/** RFC 3279 §2.3.1: NULL parameters; OpenSSL takes both integers for unsigned, whatever their sign. */
function rsaSpki(modulus: Buffer, exponent: Buffer): Buffer {
  const key = der.sequence(der.unsignedInteger(modulus), der.unsignedInteger(exponent));
  return der.sequence(rsaAlgorithm, der.bitString(key));
}

/** RFC 5480 §2.1.1: the named curve. The point stays as it came, compressed or not. */
function ecSpki(curve: BerNode, point: Buffer): Buffer {
  return der.sequence(
    der.sequence(der.oid(keyOids.ec), der.element(tag.oid, curve.content)),
    der.bitString(point),
  );
}

function bitLength(unsigned: Buffer): number {
  let start = 0;
  while (start < unsigned.length && unsigned[start] === 0) start++;
  const first = unsigned[start];
  return first === undefined ? 0 : (unsigned.length - start - 1) * 8 + (32 - Math.clz32(first));
}

/** DER AlgorithmIdentifier with NULL parameters, as RSA algorithms have. */
export function algorithmWithNull(oid: string): Buffer {
  return der.sequence(der.oid(oid), der.nul());
}

const rsaAlgorithm = algorithmWithNull(keyOids.rsa);
