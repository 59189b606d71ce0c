/**
 * AlgorithmIdentifiers of CMS (RFC 3370, RFC 5754, RFC 4055, RFC 3565) read and written. Absent and
 * NULL parameters mean the same when read (P13 of the interop notes).
 */
import { der, tag, type BerNode } from '../asn1/index.js';
import { algorithmWithNull, keyOids, type PublicKey } from '../x509/index.js';
import {
  ciphers,
  cmsOids,
  digests,
  type ContentCipher,
  type DigestAlgorithm,
} from './algorithms.js';
import { malformed, unsupportedAlgorithm } from './cms-error.js';

/** @throws GatewayError `cms.algorithm` */
export function readDigest(node: BerNode): DigestAlgorithm {
  const oid = algorithmOid(node);
  const digest = digestByOid.get(oid);
  if (digest === undefined) throw unsupportedAlgorithm('digest', oid);
  return digest;
}

/** With NULL, as NDES and every client before RFC 5754 write it. */
export function writeDigest(digest: DigestAlgorithm): Buffer {
  return algorithmWithNull(digests[digest].oid);
}

export interface CipherParameters {
  readonly cipher: ContentCipher;
  readonly iv: Buffer;
}

/** @throws GatewayError `cms.algorithm`, `cms.malformed` for an IV of the wrong size */
export function readCipher(node: BerNode): CipherParameters {
  const oid = algorithmOid(node);
  const cipher = cipherByOid.get(oid);
  if (cipher === undefined) throw unsupportedAlgorithm('content cipher', oid);
  const iv = node.expect(1, tag.octetString).octets();
  if (iv.length !== ciphers[cipher].ivLength) throw malformed(`IV of ${iv.length} octets`);
  return { cipher, iv };
}

export function writeCipher({ cipher, iv }: CipherParameters): Buffer {
  return der.sequence(der.oid(ciphers[cipher].oid), der.octetString(iv));
}

export type SignatureAlgorithm =
  | {
      readonly kind: 'rsassa-pkcs1-v1_5' | 'ecdsa';
      /** Undefined under rsaEncryption or id-ecPublicKey: the digestAlgorithm of the signer decides. */
      readonly digest: DigestAlgorithm | undefined;
    }
  | {
      readonly kind: 'rsassa-pss';
      readonly digest: DigestAlgorithm;
      /** Octets. */
      readonly saltLength: number;
    };

/** @throws GatewayError `cms.algorithm` */
export function readSignatureAlgorithm(node: BerNode): SignatureAlgorithm {
  const oid = algorithmOid(node);
  if (oid === cmsOids.rsassaPss) return readPss(node);
  const algorithm = signatureByOid.get(oid);
  if (algorithm === undefined) throw unsupportedAlgorithm('signature algorithm', oid);
  return algorithm;
}

/**
 * For RSA the key's own rsaEncryption with NULL, whatever the digest: NDES answers so, and some clients
 * refuse shaNWithRSA here. ECDSA has no such form.
 * @throws GatewayError `cms.algorithm` for a digest ECDSA has no OID for
 */
export function writeSignatureAlgorithm(key: PublicKey, digest: DigestAlgorithm): Buffer {
  if (key.kind !== 'ec') return algorithmWithNull(cmsOids.rsaEncryption);
  for (const [oid, algorithm] of signatureByOid) {
    if (algorithm.kind === 'ecdsa' && algorithm.digest === digest)
      return der.sequence(der.oid(oid));
  }
  throw unsupportedAlgorithm('digest', digests[digest].oid);
}

/** RSASSA-PSS-params (RFC 4055 §3.1). MGF1 over another digest than the signature's is not supported. */
function readPss(node: BerNode): SignatureAlgorithm {
  const { digest, mgfDigest, parameters } = readHashAndMask(node);
  if (digest !== mgfDigest) throw unsupportedAlgorithm('signature algorithm', cmsOids.rsassaPss);
  const saltLength = parameters?.find(tag.contextConstructed(2))?.child(0).smallInteger() ?? 20;
  return { kind: 'rsassa-pss', digest, saltLength };
}

interface HashAndMask {
  readonly digest: DigestAlgorithm;
  readonly mgfDigest: DigestAlgorithm;
  readonly parameters: BerNode | undefined;
}

/** `[0]` hash and `[1]` MGF1 as PSS and OAEP share them; absent or empty parameters are all SHA-1. */
export function readHashAndMask(node: BerNode): HashAndMask {
  const given = node.children[1];
  const parameters = given === undefined || given.tag === tag.null ? undefined : given;
  parameters?.require(tag.sequence);
  const hash = parameters?.find(tag.contextConstructed(0))?.child(0);
  const mask = parameters?.find(tag.contextConstructed(1))?.child(0);
  if (mask !== undefined && algorithmOid(mask) !== cmsOids.mgf1)
    throw unsupportedAlgorithm('digest', algorithmOid(mask));
  return {
    digest: hash === undefined ? 'sha1' : readDigest(hash),
    mgfDigest: mask === undefined ? 'sha1' : readDigest(mask.child(1)),
    parameters,
  };
}

export function algorithmOid(node: BerNode): string {
  return node.require(tag.sequence).child(0).oid();
}

const digestByOid: ReadonlyMap<string, DigestAlgorithm> = new Map(
  entries(digests).map(([digest, { oid }]) => [oid, digest]),
);

const cipherByOid: ReadonlyMap<string, ContentCipher> = new Map(
  entries(ciphers).map(([cipher, { oid }]) => [oid, cipher]),
);

const signatureByOid: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  [cmsOids.rsaEncryption, { kind: 'rsassa-pkcs1-v1_5', digest: undefined }],
  ['1.2.840.113549.1.1.4', { kind: 'rsassa-pkcs1-v1_5', digest: 'md5' }],
  ['1.2.840.113549.1.1.5', { kind: 'rsassa-pkcs1-v1_5', digest: 'sha1' }],
  ['1.2.840.113549.1.1.11', { kind: 'rsassa-pkcs1-v1_5', digest: 'sha256' }],
  ['1.2.840.113549.1.1.12', { kind: 'rsassa-pkcs1-v1_5', digest: 'sha384' }],
  ['1.2.840.113549.1.1.13', { kind: 'rsassa-pkcs1-v1_5', digest: 'sha512' }],
  // OIW sha1WithRSA, which Windows before Vista wrote.
  ['1.3.14.3.2.29', { kind: 'rsassa-pkcs1-v1_5', digest: 'sha1' }],
  [keyOids.ec, { kind: 'ecdsa', digest: undefined }],
  ['1.2.840.10045.4.1', { kind: 'ecdsa', digest: 'sha1' }],
  ['1.2.840.10045.4.3.2', { kind: 'ecdsa', digest: 'sha256' }],
  ['1.2.840.10045.4.3.3', { kind: 'ecdsa', digest: 'sha384' }],
  ['1.2.840.10045.4.3.4', { kind: 'ecdsa', digest: 'sha512' }],
] as const);

function entries<K extends string, V>(table: Readonly<Record<K, V>>): [K, V][] {
  return Object.entries(table) as [K, V][];
}
