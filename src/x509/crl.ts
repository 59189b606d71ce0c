import { decodeTime, parseBer, tag, type BerLimits, type BerNode } from '../asn1/index.js';
import { GatewayError } from '../errors/index.js';
import { serialFromBytes, type SerialNumber } from './certificate.js';
import { extensionOids, type Extension } from './extension.js';
import { readExtensions } from './extension-list.js';
import { Name } from './name.js';

/** A CertificateList (RFC 5280 §5.1) as a value; the signature is not yet checked. */
export interface CertificateRevocationList {
  readonly der: Buffer;
  readonly issuer: Name;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
  /** CRLNumber; rounded beyond 2^53, which no CA of ours reaches. */
  readonly number: number | undefined;
  readonly revoked: readonly RevokedCertificate[];
  readonly extensions: readonly Extension[];
  /** AlgorithmIdentifier of the signature, whole element. */
  readonly signatureAlgorithmDer: Buffer;
  readonly tbs: Buffer;
  readonly signature: Buffer;
}

interface RevokedCertificate {
  readonly serial: SerialNumber;
  readonly at: Date;
  /** CRLReason (RFC 5280 §5.3.1). */
  readonly reason: number | undefined;
}

/** CRLs come from our CA or an administrator's file and are long: some 400,000 entries. */
const crlLimits: BerLimits = { maxDepth: 32, maxNodes: 4_000_000, maxOidBytes: 64 };

/** @throws GatewayError `x509.malformed` */
export function parseCrl(der: Buffer): CertificateRevocationList {
  try {
    return read(parseBer(der, crlLimits));
  } catch (cause) {
    throw new GatewayError('x509.malformed', 'The CRL cannot be read.', { cause });
  }
}

function read(node: BerNode): CertificateRevocationList {
  const tbs = node.expect(0, tag.sequence);
  const fields = tbs.children[0]?.is(tag.integer) ? tbs.children.slice(1) : tbs.children;
  const [, issuer, thisUpdate, ...optional] = fields;
  if (!issuer || !thisUpdate) throw new RangeError('fields missing');
  const nextUpdate = optional[0] !== undefined && isTime(optional[0]) ? optional[0] : undefined;
  const list = tbs.find(tag.contextConstructed(0));
  const extensions = list ? readExtensions(list.child(0)) : [];
  return {
    der: node.raw,
    issuer: Name.fromNode(issuer),
    thisUpdate: decodeTime(thisUpdate),
    nextUpdate: nextUpdate && decodeTime(nextUpdate),
    number: crlNumber(extensions),
    revoked: optional.find((field) => field.tag === tag.sequence)?.children.map(readEntry) ?? [],
    extensions,
    signatureAlgorithmDer: node.child(1).raw,
    tbs: tbs.raw,
    signature: node.child(2).bits(),
  };
}

function isTime(node: BerNode): boolean {
  return node.is(tag.utcTime) || node.is(tag.generalizedTime);
}

function readEntry(node: BerNode): RevokedCertificate {
  const list = node.children[2];
  const reason = list && find(readExtensions(list), extensionOids.reasonCode);
  return {
    serial: serialFromBytes(node.child(0).integerBytes()),
    at: decodeTime(node.child(1)),
    reason: reason && parseBer(reason.value).smallInteger(),
  };
}

function crlNumber(extensions: readonly Extension[]): number | undefined {
  const extension = find(extensions, extensionOids.crlNumber);
  if (extension === undefined) return undefined;
  return Number(`0x${parseBer(extension.value).integerBytes().toString('hex')}`);
}

function find(extensions: readonly Extension[], oid: string): Extension | undefined {
  return extensions.find((extension) => extension.oid === oid);
}
