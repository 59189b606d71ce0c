/** SignerInfo and the SignedData round it, written (RFC 5652 §5.1, §5.3). */
import { hash } from 'node:crypto';
import { der, tag } from '../asn1/index.js';
import { algorithmWithNull, type Certificate, type SigningKey } from '../x509/index.js';
import { writeDigest, writeSignatureAlgorithm } from './algorithm-identifier.js';
import { cmsOids, type DigestAlgorithm } from './algorithms.js';
import { writeContentInfo } from './content-info.js';

interface Attribute {
  readonly oid: string;
  /** DER. */
  readonly value: Buffer;
}

/** What a signature covers: the attributes as DER SET OF, contentType and messageDigest among them. */
export function writeSignedAttributes(
  contentType: string,
  content: Buffer,
  digest: DigestAlgorithm,
  further: readonly Attribute[] = [],
): Buffer {
  return der.setOf(
    writeAttribute(cmsOids.contentType, der.oid(contentType)),
    writeAttribute(cmsOids.messageDigest, der.octetString(hash(digest, content, 'buffer'))),
    ...further.map(({ oid, value }) => writeAttribute(oid, value)),
  );
}

/** @param identifier IssuerAndSerialNumber, DER */
export async function writeSignerInfo(
  key: SigningKey,
  identifier: Buffer,
  digest: DigestAlgorithm,
  attributes: Buffer,
): Promise<Buffer> {
  return der.sequence(
    der.unsignedInteger(1),
    identifier,
    writeDigest(digest),
    retagged(attributes, tag.contextConstructed(0)),
    writeSignatureAlgorithm(key.publicKey, digest),
    der.octetString(await key.sign(digest, attributes)),
  );
}

/**
 * No signature, only the digest that one would cover: for whom has proved the possession of the key
 * otherwise (RFC 5272 Appendix C, id-alg-noSignature).
 * @param keyIdentifier of the key that does not sign
 */
export function writeNoSignature(
  keyIdentifier: Buffer,
  digest: DigestAlgorithm,
  attributes: Buffer,
): Buffer {
  return der.sequence(
    der.unsignedInteger(3),
    der.context(0, keyIdentifier),
    writeDigest(digest),
    retagged(attributes, tag.contextConstructed(0)),
    algorithmWithNull(cmsOids.noSignature),
    der.octetString(hash(digest, attributes, 'buffer')),
  );
}

interface SignedData {
  readonly contentType: string;
  /** Undefined leaves it out. */
  readonly content: Buffer | undefined;
  readonly digest: DigestAlgorithm;
  readonly certificates: readonly Certificate[];
  /** DER, in this order. */
  readonly signerInfos: readonly Buffer[];
}

/** DER ContentInfo. */
export function writeSignedData({
  contentType,
  content,
  digest,
  certificates,
  signerInfos,
}: SignedData): Buffer {
  return writeContentInfo(
    cmsOids.signedData,
    der.sequence(
      // RFC 5652 §5.1.
      der.unsignedInteger(contentType === cmsOids.data ? 1 : 3),
      der.setOf(writeDigest(digest)),
      writeEncapsulated(contentType, content),
      ...writeCertificates(certificates),
      der.setInOrder(...signerInfos),
    ),
  );
}

function writeAttribute(type: string, value: Buffer): Buffer {
  return der.sequence(der.oid(type), der.setOf(value));
}

function writeEncapsulated(contentType: string, content: Buffer | undefined): Buffer {
  return content === undefined
    ? der.sequence(der.oid(contentType))
    : der.sequence(der.oid(contentType), der.contextConstructed(0, der.octetString(content)));
}

/** In the order given, not sorted: Apple takes the first for the signer's. */
function writeCertificates(certificates: readonly Certificate[]): Buffer[] {
  return certificates.length === 0
    ? []
    : [der.contextConstructed(0, ...certificates.map((certificate) => certificate.der))];
}

/** The same content under another tag: attributes are signed as SET and sent as `[0]` (RFC 5652 §5.4). */
function retagged(element: Buffer, identifier: number): Buffer {
  const copy = Buffer.from(element);
  copy[0] = identifier;
  return copy;
}
