import { constants, verify, type VerifyKeyObjectInput } from 'node:crypto';
import { der, parseBer, tag, type BerNode } from '../asn1/index.js';
import { algorithmWithNull, type PublicKey } from './public-key.js';

/** Digests the gateway signs certificates, CRLs and CSRs with. */
export type CertificateDigest = 'sha1' | 'sha256' | 'sha384' | 'sha512';

const rsaOids = {
  md5: '1.2.840.113549.1.1.4',
  sha1: '1.2.840.113549.1.1.5',
  sha224: '1.2.840.113549.1.1.14',
  sha256: '1.2.840.113549.1.1.11',
  sha384: '1.2.840.113549.1.1.12',
  sha512: '1.2.840.113549.1.1.13',
} as const;

const ecdsaOids = {
  sha1: '1.2.840.10045.4.1',
  sha224: '1.2.840.10045.4.3.1',
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
} as const;

export const digestOids = {
  sha1: '1.3.14.3.2.26',
  sha224: '2.16.840.1.101.3.4.2.4',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
} as const;

const pssOid = '1.2.840.113549.1.1.10';
const mgf1Oid = '1.2.840.113549.1.1.8';

/** RFC 4055 §5 demands NULL parameters for RSA, RFC 5758 §3.2 none for ECDSA. Encoded once: hot path. */
const encoded = {
  rsa: encodeAll((digest) => algorithmWithNull(rsaOids[digest])),
  ec: encodeAll((digest) => der.sequence(der.oid(ecdsaOids[digest]))),
};

function encodeAll(encode: (digest: CertificateDigest) => Buffer) {
  return {
    sha1: encode('sha1'),
    sha256: encode('sha256'),
    sha384: encode('sha384'),
    sha512: encode('sha512'),
  };
}

/** DER AlgorithmIdentifier of a signature by this key. */
export function signatureAlgorithm(key: PublicKey, digest: CertificateDigest): Buffer {
  if (key.kind === 'other') throw new RangeError('only RSA and EC keys sign');
  return encoded[key.kind][digest];
}

interface Scheme {
  readonly keyType: 'rsa' | 'ec';
  readonly digest: string;
  readonly options?: Pick<VerifyKeyObjectInput, 'padding' | 'saltLength'>;
}

/** `1.3.14.3.2.29` is OIW's name of sha1WithRSA, which old Microsoft tools write. */
const schemes: ReadonlyMap<string, Scheme> = new Map<string, Scheme>([
  ...Object.entries(rsaOids).map(([digest, oid]) => [oid, { keyType: 'rsa', digest }] as const),
  ...Object.entries(ecdsaOids).map(([digest, oid]) => [oid, { keyType: 'ec', digest }] as const),
  ['1.3.14.3.2.29', { keyType: 'rsa', digest: 'sha1' }],
]);

const digestNames: ReadonlyMap<string, string> = new Map(
  Object.entries(digestOids).map(([digest, oid]) => [oid, digest]),
);

/**
 * `algorithm` is an AlgorithmIdentifier. Any digest from MD5 on: whether it is strong enough is the
 * profile's floor, not decided here. Never throws.
 */
export function verifySignature(
  algorithm: Buffer,
  data: Buffer,
  signature: Buffer,
  publicKey: PublicKey,
): boolean {
  try {
    const scheme = readScheme(parseBer(algorithm));
    const key = publicKey.keyObject;
    if (scheme === undefined || key.asymmetricKeyType !== scheme.keyType) return false;
    return verify(scheme.digest, data, { key, ...scheme.options }, signature);
  } catch {
    return false;
  }
}

function readScheme(algorithm: BerNode): Scheme | undefined {
  const oid = algorithm.child(0).oid();
  return oid === pssOid ? readPss(algorithm.children[1]) : schemes.get(oid);
}

/** RSASSA-PSS-params (RFC 4055 §3.1). Node gives MGF1 the message digest, so another one is not supported. */
function readPss(parameters: BerNode | undefined): Scheme | undefined {
  const field = (n: number): BerNode | undefined =>
    parameters?.find(tag.contextConstructed(n))?.child(0);
  const hash = field(0)?.child(0).oid() ?? digestOids.sha1;
  const mask = field(1);
  const maskHash = mask?.child(1).child(0).oid() ?? digestOids.sha1;
  const saltLength = field(2)?.smallInteger() ?? 20;
  const trailer = field(3)?.smallInteger() ?? 1;
  const digest = digestNames.get(hash);
  if (digest === undefined || maskHash !== hash || saltLength < 0 || trailer !== 1)
    return undefined;
  if (mask !== undefined && mask.child(0).oid() !== mgf1Oid) return undefined;
  return {
    keyType: 'rsa',
    digest,
    options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength },
  };
}
