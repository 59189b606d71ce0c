import { randomBytes } from 'node:crypto';
import { der } from '../../src/asn1/index.js';
import { writeDigest, writeSignatureAlgorithm } from '../../src/pkcs7/algorithm-identifier.js';
import { writeIssuerAndSerial } from '../../src/pkcs7/certificate-identifier.js';
import { writeContentInfo } from '../../src/pkcs7/content-info.js';
import { cmsOids } from '../../src/pkcs7/index.js';
import type { Certificate } from '../../src/x509/index.js';
import { testKey, type TestKeyName } from '../support/keys.js';

export const content = der.sequence(der.octetString(randomBytes(700)));

/** A SignedData written field by field, so that single fields can be odd. */
export interface OddSigned {
  certificate: Certificate;
  key: TestKeyName;
  identifier?: Buffer;
  signatureAlgorithm?: Buffer;
  /** In this order, unsorted; undefined leaves signedAttrs out. */
  attributes?: Buffer[] | undefined;
  /** What is signed; defaults to the attributes as they stand, or the content. */
  signed?: Buffer;
  contentType?: string;
  /** Instead of the key, for signatures a SigningKey does not make. */
  sign?: (data: Buffer) => Buffer;
  digestAlgorithm?: Buffer;
}

export async function oddSigned(odd: OddSigned): Promise<Buffer> {
  const { certificate, attributes, contentType = cmsOids.data } = odd;
  const signed = odd.signed ?? (attributes ? der.setInOrder(...attributes) : content);
  const key = testKey(odd.key);
  const signerInfo = der.sequence(
    der.unsignedInteger(1),
    odd.identifier ?? writeIssuerAndSerial(certificate),
    odd.digestAlgorithm ?? writeDigest('sha256'),
    ...(attributes ? [der.contextConstructed(0, ...attributes)] : []),
    odd.signatureAlgorithm ?? writeSignatureAlgorithm(key.publicKey, 'sha256'),
    der.octetString(odd.sign ? odd.sign(signed) : await key.sign('sha256', signed)),
  );
  return writeContentInfo(
    cmsOids.signedData,
    der.sequence(
      der.unsignedInteger(1),
      der.setOf(writeDigest('sha256')),
      der.sequence(der.oid(contentType), der.contextConstructed(0, der.octetString(content))),
      der.contextConstructed(0, certificate.der),
      der.setOf(signerInfo),
    ),
  );
}

export function attribute(type: string, ...values: Buffer[]): Buffer {
  return der.sequence(der.oid(type), der.setInOrder(...values));
}

export async function sha256(bytes: Buffer): Promise<Buffer> {
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  return Buffer.from(digest);
}
