import { der, encodeTime, tag } from '../asn1/index.js';
import { positiveSerial, signedSequence, type CertificateSigner } from './certificate-writer.js';
import { extensionOids } from './extension.js';
import { writeExtensions } from './extension-list.js';
import { signatureAlgorithm } from './signature-algorithm.js';
import { authorityKeyIdentifier } from './standard-extensions.js';

export interface CrlContent {
  /** DER Name. */
  readonly issuer: Buffer;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** CRLNumber: grows with every CRL of this issuer (RFC 5280 §5.2.3). */
  readonly number: number;
  /** keyIdentifier of the issuing key. */
  readonly authorityKeyIdentifier: Buffer;
  readonly revoked: readonly RevocationEntry[];
}

export interface RevocationEntry {
  /** Unsigned octets, or hex as in `SerialNumber`. */
  readonly serial: Buffer | string;
  readonly at: Date;
  /** CRLReason (RFC 5280 §5.3.1). */
  readonly reason: number | undefined;
}

const version2 = der.unsignedInteger(1);

/**
 * A signed v2 CRL, DER. Written directly: pkijs would build a tree of some twenty objects for each
 * entry and cannot sign with a key it does not hold.
 */
export async function buildCrl(content: CrlContent, signer: CertificateSigner): Promise<Buffer> {
  const algorithm = signatureAlgorithm(signer.key.publicKey, signer.digest);
  const tbs = der.sequence(
    version2,
    algorithm,
    content.issuer,
    encodeTime(content.thisUpdate),
    encodeTime(content.nextUpdate),
    ...revokedCertificates(content.revoked),
    der.contextConstructed(
      0,
      writeExtensions([
        authorityKeyIdentifier(content.authorityKeyIdentifier),
        {
          oid: extensionOids.crlNumber,
          critical: false,
          value: der.unsignedInteger(content.number),
        },
      ]),
    ),
  );
  return signedSequence(tbs, algorithm, signer);
}

/** Absent when nobody is revoked (RFC 5280 §5.1.2.6). Joined first: a long CRL would overflow an argument list. */
function revokedCertificates(revoked: readonly RevocationEntry[]): Buffer[] {
  return revoked.length === 0 ? [] : [der.sequence(Buffer.concat(revoked.map(revokedCertificate)))];
}

function revokedCertificate({ serial, at, reason }: RevocationEntry): Buffer {
  return der.sequence(
    positiveSerial(typeof serial === 'string' ? serialOctets(serial) : serial),
    encodeTime(at),
    ...reasonExtension(reason),
  );
}

function serialOctets(hex: string): Buffer {
  if (!/^(?:[0-9a-f]{2})+$/i.test(hex)) throw new RangeError(`not a serial number: ${hex}`);
  return Buffer.from(hex, 'hex');
}

/** `unspecified` is written by leaving the extension out (RFC 5280 §5.3.1). */
function reasonExtension(reason: number | undefined): Buffer[] {
  if (reason === undefined || reason === 0) return [];
  const value = reasonValues.get(reason);
  if (value === undefined) throw new RangeError(`not a reason of a full CRL: ${reason}`);
  return [value];
}

/** 7 is unused; 8, removeFromCRL, stands only in delta CRLs. */
const reasonValues: ReadonlyMap<number, Buffer> = new Map(
  [1, 2, 3, 4, 5, 6, 9, 10].map((reason) => [
    reason,
    writeExtensions([
      {
        oid: extensionOids.reasonCode,
        critical: false,
        value: der.element(tag.enumerated, Buffer.from([reason])),
      },
    ]),
  ]),
);
