/** Writers and readers of the extensions of RFC 5280 §4.2 that the gateway makes or weighs. */
import { der, parseBer, tag, type BerNode } from '../asn1/index.js';
import { GatewayError } from '../errors/index.js';
import { extensionOids, keyUsageBits, type Extension, type KeyUsage } from './extension.js';
import type { PublicKey } from './public-key.js';

/** Critical, as RFC 5280 §4.2.1.3 demands of a CA. */
export function keyUsage(usages: readonly KeyUsage[]): Extension {
  const value = der.namedBits(usages.map((usage) => keyUsageBits[usage]));
  return { oid: extensionOids.keyUsage, critical: true, value };
}

export function extendedKeyUsage(oids: readonly string[]): Extension {
  const value = der.sequence(...oids.map(der.oid));
  return { oid: extensionOids.extendedKeyUsage, critical: false, value };
}

export interface BasicConstraints {
  readonly ca: boolean;
  readonly pathLength?: number | undefined;
}

/** Critical, as RFC 5280 §4.2.1.9 demands of a CA certificate. */
export function basicConstraints({ ca, pathLength }: BasicConstraints): Extension {
  const value = der.sequence(
    ...(ca ? [der.boolean(true)] : []),
    ...(ca && pathLength !== undefined ? [der.unsignedInteger(pathLength)] : []),
  );
  return { oid: extensionOids.basicConstraints, critical: true, value };
}

export function subjectKeyIdentifier(key: PublicKey): Extension {
  const value = der.octetString(key.subjectKeyIdentifier);
  return { oid: extensionOids.subjectKeyIdentifier, critical: false, value };
}

export function authorityKeyIdentifier(keyIdentifier: Buffer): Extension {
  const value = der.sequence(der.context(0, keyIdentifier));
  return { oid: extensionOids.authorityKeyIdentifier, critical: false, value };
}

/** One distribution point; the URLs are ways to the same CRL (RFC 5280 §4.2.1.13). */
export function crlDistributionPoints(urls: readonly string[]): Extension {
  const fullName = der.contextConstructed(0, ...urls.map(uriName));
  const value = der.sequence(der.sequence(der.contextConstructed(0, fullName)));
  return { oid: extensionOids.cdp, critical: false, value };
}

const accessMethods = {
  ocsp: der.oid('1.3.6.1.5.5.7.48.1'),
  caIssuers: der.oid('1.3.6.1.5.5.7.48.2'),
} as const;

export interface AuthorityInfoAccess {
  readonly caIssuers?: readonly string[];
  readonly ocsp?: readonly string[];
}

export function authorityInfoAccess({ caIssuers = [], ocsp = [] }: AuthorityInfoAccess): Extension {
  const value = der.sequence(
    ...ocsp.map((url) => der.sequence(accessMethods.ocsp, uriName(url))),
    ...caIssuers.map((url) => der.sequence(accessMethods.caIssuers, uriName(url))),
  );
  return { oid: extensionOids.authorityInfoAccess, critical: false, value };
}

function uriName(url: string): Buffer {
  if (!/^[!-~]+$/.test(url))
    throw new GatewayError('config.invalid', `The URL ${JSON.stringify(url)} is not plain ASCII.`, {
      mend: 'Write the host name in its xn-- form and percent-encode other characters.',
    });
  return der.context(6, Buffer.from(url, 'latin1'));
}

/** Usages in bit order; bits RFC 5280 does not name are left out. @throws GatewayError `x509.malformed` */
export function readKeyUsage(extension: Extension): KeyUsage[] {
  return read(extension, 'keyUsage', (node) => {
    const bits = node.bits();
    const isSet = (bit: number): boolean => ((bits[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0;
    return usageNames.filter((usage) => isSet(keyUsageBits[usage]));
  });
}

const usageNames: readonly KeyUsage[] = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
];

/** OIDs in order. @throws GatewayError `x509.malformed` */
export function readExtendedKeyUsage(extension: Extension): string[] {
  return read(extension, 'extendedKeyUsage', (node) =>
    node.require(tag.sequence).children.map((usage) => usage.oid()),
  );
}

/**
 * OIDs in order; Windows writes the syntax of certificate policies (MS-WCCE §2.2.2.7.7.3).
 * @throws GatewayError `x509.malformed`
 */
export function readApplicationPolicies(extension: Extension): string[] {
  return read(extension, 'application policies', (node) =>
    node.require(tag.sequence).children.map((policy) => policy.child(0).oid()),
  );
}

/** URIs, in order; other forms of name are left out. @throws GatewayError `x509.malformed` */
export function readCrlDistributionPoints(extension: Extension): string[] {
  return read(extension, 'cRLDistributionPoints', (node) =>
    node
      .require(tag.sequence)
      .children.flatMap((point) => point.find(tag.contextConstructed(0))?.children ?? [])
      .filter((fullName) => fullName.is(tag.contextConstructed(0)))
      .flatMap(({ children }) => children)
      .filter((name) => name.is(tag.context(6)))
      .map((uri) => uri.octets().toString('latin1')),
  );
}

/** @throws GatewayError `x509.malformed` */
export function readBasicConstraints(extension: Extension): BasicConstraints {
  return read(extension, 'basicConstraints', (node) => {
    const flag = node.require(tag.sequence).find(tag.boolean);
    return {
      ca: flag !== undefined && flag.content[0] !== 0,
      pathLength: node.find(tag.integer)?.smallInteger(),
    };
  });
}

function read<T>(extension: Extension, name: string, reader: (node: BerNode) => T): T {
  try {
    return reader(parseBer(extension.value));
  } catch (cause) {
    throw new GatewayError('x509.malformed', `The ${name} extension cannot be read.`, { cause });
  }
}
