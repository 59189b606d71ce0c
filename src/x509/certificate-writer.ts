import { der, encodeTime } from '../asn1/index.js';
import { Certificate } from './certificate.js';
import type { Extension } from './extension.js';
import { writeExtensions } from './extension-list.js';
import type { SigningKey } from './keys.js';
import { signatureAlgorithm, type CertificateDigest } from './signature-algorithm.js';

export interface TbsCertificateContent {
  /** Unsigned big-endian octets: positive, at most 20 octets once encoded (RFC 5280 §4.1.2.2). */
  readonly serial: Buffer;
  /** DER Name. */
  readonly issuer: Buffer;
  /** DER Name. */
  readonly subject: Buffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Buffer;
  readonly extensions: readonly Extension[];
}

export interface CertificateSigner {
  readonly key: SigningKey;
  readonly digest: CertificateDigest;
}

const version3 = der.contextConstructed(0, der.unsignedInteger(2));

/** A signed v3 certificate. Written directly, not through pkijs: every enrollment comes through here. */
export async function buildCertificate(
  content: TbsCertificateContent,
  signer: CertificateSigner,
): Promise<Certificate> {
  const algorithm = signatureAlgorithm(signer.key.publicKey, signer.digest);
  const tbs = der.sequence(
    version3,
    positiveSerial(content.serial),
    algorithm,
    content.issuer,
    der.sequence(encodeTime(content.notBefore), encodeTime(content.notAfter)),
    content.subject,
    content.spki,
    ...(content.extensions.length > 0
      ? [der.contextConstructed(3, writeExtensions(content.extensions))]
      : []),
  );
  return Certificate.fromDer(await signedSequence(tbs, algorithm, signer));
}

/** `SEQUENCE { toBeSigned, signatureAlgorithm, signature }`: certificates, CRLs and CSRs alike. */
export async function signedSequence(
  tbs: Buffer,
  algorithm: Buffer,
  signer: CertificateSigner,
): Promise<Buffer> {
  const signature = await signer.key.sign(signer.digest, tbs);
  return der.sequence(tbs, algorithm, der.bitString(signature));
}

/** INTEGER of a serial number this gateway gives or revokes. */
export function positiveSerial(octets: Buffer): Buffer {
  const encoded = der.unsignedInteger(octets);
  if (encoded.length > 22) throw new RangeError('serial number is longer than 20 octets');
  if (octets.every((octet) => octet === 0)) throw new RangeError('serial number is not positive');
  return encoded;
}
