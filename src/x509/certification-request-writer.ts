import { der } from '../asn1/index.js';
import { signedSequence, type CertificateSigner } from './certificate-writer.js';
import { csrAttributeOids } from './certification-request.js';
import type { Extension } from './extension.js';
import { writeExtensions } from './extension-list.js';
import { signatureAlgorithm } from './signature-algorithm.js';
import { printableOrUtf8 } from './string-type.js';

export interface CertificationRequestContent extends CertificateSigner {
  /** DER Name. */
  readonly subject: Buffer;
  readonly challengePassword?: string | undefined;
  /** Asked for in extensionRequest (RFC 2985 §5.4.2). */
  readonly extensions?: readonly Extension[];
}

/** A signed PKCS#10 CertificationRequest, DER. Written directly: pkijs signs only with WebCrypto keys. */
export async function buildCertificationRequest(
  content: CertificationRequestContent,
): Promise<Buffer> {
  const { key, digest, subject } = content;
  const info = der.sequence(
    der.unsignedInteger(0),
    subject,
    key.publicKey.spki,
    der.contextConstructed(0, ...attributes(content)),
  );
  return signedSequence(info, signatureAlgorithm(key.publicKey, digest), content);
}

/** Members of a SET OF, so in the order of their encodings. NDES takes only a PrintableString challenge. */
function attributes({ challengePassword, extensions = [] }: CertificationRequestContent): Buffer[] {
  const all: Buffer[] = [];
  if (challengePassword !== undefined)
    all.push(attribute(csrAttributeOids.challengePassword, printableOrUtf8(challengePassword)));
  if (extensions.length > 0)
    all.push(attribute(csrAttributeOids.extensionRequest, writeExtensions(extensions)));
  return all.sort((a, b) => Buffer.compare(a, b));
}

function attribute(oid: string, value: Buffer): Buffer {
  return der.sequence(der.oid(oid), der.setOf(value));
}
