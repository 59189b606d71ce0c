import { parseBer, type BerLimits, type BerNode } from '../../asn1/index.js';
import { readableOr } from '../../errors/index.js';
import { cmsOids } from '../../pkcs7/index.js';

export type ObjectKind = 'signed' | 'enveloped' | 'certificate' | 'request' | 'crl' | 'private-key';

/** A CRL may hold hundreds of thousands of entries; what is inspected came from an administrator. */
const limits: BerLimits = { maxDepth: 64, maxNodes: 4_000_000, maxOidBytes: 64 };

/** @throws GatewayError `asn1.malformed` or `asn1.limit` */
export function walk(bytes: Buffer): BerNode {
  return parseBer(bytes, limits);
}

/** By its shape; undefined for any other ASN.1. */
export function kindOf(node: BerNode): ObjectKind | undefined {
  return readableOr(undefined, () => shapeOf(node));
}

function shapeOf(node: BerNode): ObjectKind | undefined {
  const [first, second, third] = node.children;
  if (first?.tag === 0x06) {
    const type = first.oid();
    if (type === cmsOids.signedData) return 'signed';
    return type === cmsOids.envelopedData ? 'enveloped' : undefined;
  }
  // PKCS#8, PKCS#1 and SEC 1 private keys begin with a version and end in octets.
  if (first?.tag === 0x02) {
    return third?.tag === 0x04 || second?.tag === 0x04 || node.children.length === 9
      ? 'private-key'
      : undefined;
  }
  return first?.tag === 0x30 && node.children.length === 3 ? signedShape(first) : undefined;
}

/** tbsCertificate, CertificationRequestInfo or tbsCertList, each followed by algorithm and signature. */
function signedShape(info: BerNode): ObjectKind | undefined {
  const fields = info.children;
  if (fields[0]?.tag === 0xa0) return 'certificate';
  const numbered = fields[0]?.tag === 0x02;
  const time = (at: number) => fields[at]?.tag === 0x17 || fields[at]?.tag === 0x18;
  if (time(2) || time(3)) return 'crl';
  if (numbered && fields[2]?.children[1]?.tag === 0x03) return 'request';
  return numbered ? 'certificate' : undefined;
}
