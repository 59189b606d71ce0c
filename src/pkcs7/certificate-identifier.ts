/** How a signerInfo or a recipientInfo names a certificate (RFC 5652 §5.3, §6.2.1). */
import { der, parseBer, tag, type BerNode } from '../asn1/index.js';
import {
  extensionOids,
  Name,
  serialFromBytes,
  type Certificate,
  type SerialNumber,
} from '../x509/index.js';

export type CertificateIdentifier =
  | { readonly kind: 'issuer-and-serial'; readonly issuer: Name; readonly serial: SerialNumber }
  | { readonly kind: 'subject-key-identifier'; readonly keyIdentifier: Buffer };

/** issuerAndSerialNumber, or `[0]` subjectKeyIdentifier (some peers send it constructed). */
export function readCertificateIdentifier(node: BerNode): CertificateIdentifier {
  if (node.is(tag.context(0)))
    return { kind: 'subject-key-identifier', keyIdentifier: node.octets() };
  node.require(tag.sequence);
  return {
    kind: 'issuer-and-serial',
    issuer: Name.fromNode(node.child(0)),
    serial: serialFromBytes(node.child(1).integerBytes()),
  };
}

/** Names fold (clients re-encode them), serials compare as numbers (P9 and P15 of the interop notes). */
export function identifies(identifier: CertificateIdentifier, certificate: Certificate): boolean {
  if (identifier.kind === 'issuer-and-serial')
    return (
      identifier.serial === certificate.serial && identifier.issuer.matches(certificate.issuer)
    );
  const { keyIdentifier } = identifier;
  return (
    extensionKeyIdentifier(certificate)?.equals(keyIdentifier) === true ||
    certificate.publicKey.subjectKeyIdentifier.equals(keyIdentifier)
  );
}

/** For people: "CN=Test CA serial 01", "key identifier a1b2". */
export function describeIdentifier(identifier: CertificateIdentifier): string {
  return identifier.kind === 'issuer-and-serial'
    ? `${identifier.issuer.text} serial ${identifier.serial}`
    : `key identifier ${identifier.keyIdentifier.toString('hex')}`;
}

/** IssuerAndSerialNumber: the issuer as the certificate has it, the serial in minimal form. */
export function writeIssuerAndSerial(certificate: Certificate): Buffer {
  return der.sequence(
    certificate.issuer.der,
    der.integerFromBytes(minimalInteger(certificate.serialBytes)),
  );
}

function extensionKeyIdentifier(certificate: Certificate): Buffer | undefined {
  const extension = certificate.extension(extensionOids.subjectKeyIdentifier);
  if (extension === undefined) return undefined;
  try {
    return parseBer(extension.value).octets();
  } catch {
    return undefined;
  }
}

/** Two's complement without superfluous sign octets (X.690 §8.3.2). */
function minimalInteger(octets: Buffer): Buffer {
  let start = 0;
  while (start < octets.length - 1) {
    const sign = octets.readUInt8(start + 1) & 0x80 ? 0xff : 0x00;
    if (octets[start] !== sign) break;
    start++;
  }
  return octets.subarray(start);
}
