import { decodeText, parseBer, tag, type BerNode } from '../asn1/index.js';
import { GatewayError } from '../errors/index.js';
import type { Extension } from './extension.js';
import { readExtensions } from './extension-list.js';
import { Name } from './name.js';
import { PublicKey } from './public-key.js';

export const csrAttributeOids = {
  challengePassword: '1.2.840.113549.1.9.7',
  extensionRequest: '1.2.840.113549.1.9.14',
  /** Windows clients still send the older Microsoft form of extensionRequest. */
  msExtensionRequest: '1.3.6.1.4.1.311.2.1.14',
  msEnrollmentNameValuePair: '1.3.6.1.4.1.311.13.2.1',
} as const;

interface CsrAttribute {
  readonly oid: string;
  /** Each member of the SET, whole elements as received. */
  readonly values: readonly BerNode[];
}

/** A PKCS#10 CertificationRequest (RFC 2986) as a value; the signature is not yet checked. */
export interface CertificationRequest {
  readonly der: Buffer;
  /** CertificationRequestInfo as received: the signed bytes. */
  readonly info: Buffer;
  readonly subject: Name;
  readonly publicKey: PublicKey;
  readonly attributes: readonly CsrAttribute[];
  /** From extensionRequest, PKCS#9 or Microsoft. */
  readonly extensions: readonly Extension[];
  /** Undefined when absent or blank (an empty challenge means none: Omnitrust, step-ca). A secret: never log. */
  readonly challengePassword: string | undefined;
  /** AlgorithmIdentifier of the signature, whole element. */
  readonly signatureAlgorithm: BerNode;
  readonly signature: Buffer;
}

/** @throws GatewayError `csr.malformed` */
export function parseCertificationRequest(bytes: Buffer): CertificationRequest {
  try {
    return read(parseBer(bytes));
  } catch (cause) {
    throw new GatewayError('csr.malformed', 'The certification request cannot be read.', { cause });
  }
}

function read(node: BerNode): CertificationRequest {
  const info = node.expect(0, tag.sequence);
  // Who reads on may see attributes where this one does not look (RFC 2986 §4.1 ends there).
  if (info.children.length > 4) throw new RangeError('more than attributes at the end');
  const attributes = readAttributes(info.find(tag.contextConstructed(0)));
  return {
    der: node.raw,
    info: info.raw,
    subject: Name.fromNode(info.child(1)),
    publicKey: PublicKey.fromNode(info.child(2)),
    attributes,
    extensions: requestedExtensions(attributes),
    challengePassword: challengePassword(attributes),
    signatureAlgorithm: node.expect(1, tag.sequence),
    signature: node.child(2).bits(),
  };
}

function readAttributes(set: BerNode | undefined): CsrAttribute[] {
  return (set?.children ?? []).map((node) => ({
    oid: node.child(0).oid(),
    values: node.expect(1, tag.set).children,
  }));
}

function requestedExtensions(attributes: readonly CsrAttribute[]): Extension[] {
  return attributes
    .filter(
      ({ oid }) =>
        oid === csrAttributeOids.extensionRequest || oid === csrAttributeOids.msExtensionRequest,
    )
    .flatMap(({ values }) => values.flatMap(readExtensions));
}

function challengePassword(attributes: readonly CsrAttribute[]): string | undefined {
  const value = attributes.find(({ oid }) => oid === csrAttributeOids.challengePassword)?.values[0];
  const text = value === undefined ? undefined : decodeText(value)?.trim();
  return text === '' ? undefined : text;
}
