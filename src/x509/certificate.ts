import { createHash } from 'node:crypto';
import { decodeTime, parseBer, tag, type BerNode } from '../asn1/index.js';
import { GatewayError } from '../errors/index.js';
import type { Extension } from './extension.js';
import { readExtensions } from './extension-list.js';
import { Name } from './name.js';
import { toPem } from './pem.js';
import { PublicKey } from './public-key.js';

/** Serial number content octets as lower-case hex without leading zero octets ("-" in front if negative). */
export type SerialNumber = string & { readonly __brand: 'SerialNumber' };

export interface Thumbprints {
  readonly sha256: string;
  readonly sha1: string;
  readonly md5: string;
}

/**
 * A certificate as a value: what was received, byte for byte, and the fields the gateway reads.
 * Lenient on purpose (negative serials, v1, odd dates): a transport certificate is only a key and a name.
 */
export class Certificate {
  #thumbprints: Thumbprints | undefined;

  private constructor(
    readonly der: Buffer,
    readonly serial: SerialNumber,
    /** INTEGER content octets as received. */
    readonly serialBytes: Buffer,
    readonly issuer: Name,
    readonly subject: Name,
    readonly notBefore: Date,
    readonly notAfter: Date,
    readonly publicKey: PublicKey,
    readonly extensions: readonly Extension[],
    readonly signatureAlgorithm: string,
    /** AlgorithmIdentifier of the signature, whole element. */
    readonly signatureAlgorithmDer: Buffer,
    readonly tbs: Buffer,
    readonly signature: Buffer,
  ) {}

  /** @throws GatewayError `x509.malformed` */
  static fromDer(der: Buffer): Certificate {
    return Certificate.fromNode(parseBer(der));
  }

  /** @throws GatewayError `x509.malformed` */
  static fromNode(node: BerNode): Certificate {
    try {
      return Certificate.#read(node);
    } catch (cause) {
      throw new GatewayError('x509.malformed', 'The certificate cannot be read.', { cause });
    }
  }

  static #read(node: BerNode): Certificate {
    const tbs = node.expect(0, tag.sequence);
    const fields = tbs.children[0]?.is(tag.contextConstructed(0))
      ? tbs.children.slice(1)
      : tbs.children;
    const [serial, , issuer, validity, subject, spki] = fields;
    if (!serial || !issuer || !validity || !subject || !spki)
      throw new RangeError('fields missing');
    const extensions = tbs.find(tag.contextConstructed(3));
    const serialBytes = serial.integerBytes();
    return new Certificate(
      node.raw,
      serialFromBytes(serialBytes),
      serialBytes,
      Name.fromNode(issuer),
      Name.fromNode(subject),
      decodeTime(validity.child(0)),
      decodeTime(validity.child(1)),
      PublicKey.fromNode(spki),
      extensions ? readExtensions(extensions.child(0)) : [],
      node.child(1).child(0).oid(),
      node.child(1).raw,
      tbs.raw,
      node.child(2).bits(),
    );
  }

  extension(oid: string): Extension | undefined {
    return this.extensions.find((extension) => extension.oid === oid);
  }

  /** Hashes over the whole DER certificate, upper-case hex without separators. */
  get thumbprints(): Thumbprints {
    this.#thumbprints ??= {
      sha256: hash('sha256', this.der),
      sha1: hash('sha1', this.der),
      md5: hash('md5', this.der),
    };
    return this.#thumbprints;
  }

  toPem(): string {
    return toPem('CERTIFICATE', this.der);
  }
}

export function serialFromBytes(content: Buffer): SerialNumber {
  const value = BigInt.asIntN(content.length * 8, BigInt(`0x${content.toString('hex') || '0'}`));
  const hex = (value < 0n ? -value : value).toString(16);
  return `${value < 0n ? '-' : ''}${hex.padStart(hex.length + (hex.length % 2), '0')}` as SerialNumber;
}

function hash(algorithm: string, bytes: Buffer): string {
  return createHash(algorithm).update(bytes).digest('hex').toUpperCase();
}
