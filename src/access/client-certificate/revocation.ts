import { GatewayError } from '../../errors/index.js';
import {
  extensionOids,
  parseCrl,
  readKeyUsage,
  verifyIssuedBy,
  type Certificate,
  type SerialNumber,
} from '../../x509/index.js';

/** A CRL that can be asked. */
export interface RevocationList {
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
  /** Of the CA that signed it, for people. */
  readonly issuer: string;
  isOf(issuer: Certificate): boolean;
  /** When it was revoked. */
  revokedAt(serial: SerialNumber): Date | undefined;
}

const deltaIndicator = '2.5.29.27';
const issuingDistributionPoint = '2.5.29.28';
const understood: readonly string[] = [
  extensionOids.crlNumber,
  extensionOids.authorityKeyIdentifier,
];

/**
 * A whole, direct CRL. Partial ones (delta, IssuingDistributionPoint) are not: a certificate that does not
 * stand in them may still be revoked.
 *
 * @throws GatewayError `x509.malformed`
 */
export function readRevocationList(der: Buffer): RevocationList {
  const list = parseCrl(der);
  const oids = list.extensions.map(({ oid }) => oid);
  if (oids.includes(deltaIndicator)) throw unusable('a delta CRL');
  if (oids.includes(issuingDistributionPoint)) {
    throw unusable('a CRL of one distribution point (IssuingDistributionPoint)');
  }
  const unknown = list.extensions.find(
    ({ oid, critical }) => critical && !understood.includes(oid),
  );
  if (unknown) throw unusable(`a CRL with an unknown critical extension (${unknown.oid})`);
  const revoked = new Map(list.revoked.map(({ serial, at }) => [serial, at]));
  const signers = new Map<string, boolean>();
  return {
    thisUpdate: list.thisUpdate,
    nextUpdate: list.nextUpdate,
    issuer: list.issuer.text,
    isOf(issuer) {
      if (!list.issuer.matches(issuer.subject)) return false;
      const { sha256 } = issuer.thumbprints;
      const known = signers.get(sha256);
      if (known !== undefined) return known;
      const signed = maySignCrls(issuer) && verifyIssuedBy(list, issuer);
      // Only CAs of one name, whose chain was verified, are asked about; a handful.
      if (signers.size < 16) signers.set(sha256, signed);
      return signed;
    },
    revokedAt: (serial) => revoked.get(serial),
  };
}

function maySignCrls(issuer: Certificate): boolean {
  const usage = issuer.extension(extensionOids.keyUsage);
  return usage === undefined || readKeyUsage(usage).includes('cRLSign');
}

function unusable(what: string): GatewayError {
  return new GatewayError('x509.malformed', `It is ${what}, which does not tell all revocations.`);
}

export interface RevocationRule {
  /** `required`: who is in no current CRL is refused. `best-effort`: only who is known to be revoked. */
  readonly rule: 'required' | 'best-effort' | 'off';
  /** How long after its nextUpdate a CRL still counts as current. */
  readonly graceMillis: number;
  /** All that could be of this CA. May reject; then there is none. */
  readonly lists: (issuer: Certificate) => Promise<readonly RevocationList[]>;
}

export type RevocationVerdict =
  | { readonly kind: 'passed'; readonly step: string }
  | { readonly kind: 'refused'; readonly step: string };

/** One certificate of a path, by the newest CRL of the CA above it. */
export async function judgeRevocation(
  certificate: Certificate,
  issuer: Certificate,
  { rule, graceMillis, lists }: RevocationRule,
  now: Date,
): Promise<RevocationVerdict> {
  const about = certificate.subject.text.slice(0, 200);
  if (rule === 'off') return { kind: 'passed', step: `revocation of ${about} is not looked at` };
  const known = await lists(issuer).catch((): readonly RevocationList[] => []);
  const newest = known
    .filter((list) => list.thisUpdate <= now && list.isOf(issuer))
    .sort((a, b) => b.thisUpdate.getTime() - a.thisUpdate.getTime())[0];
  const ofCa = `of ${issuer.subject.text.slice(0, 200)}`;
  if (newest === undefined) return unknown(rule, `there is no CRL ${ofCa}`);
  const at = newest.revokedAt(certificate.serial);
  const dated = `the CRL ${ofCa} of ${newest.thisUpdate.toISOString()}`;
  if (at) return { kind: 'refused', step: `${about} was revoked on ${at.toISOString()}: ${dated}` };
  const ends = newest.nextUpdate;
  if (!ends || ends.getTime() + graceMillis < now.getTime()) {
    return unknown(rule, `${dated} is out of date${ends ? ` since ${ends.toISOString()}` : ''}`);
  }
  return { kind: 'passed', step: `${about} is not revoked: ${dated}` };
}

function unknown(rule: 'required' | 'best-effort', step: string): RevocationVerdict {
  return rule === 'required'
    ? { kind: 'refused', step }
    : { kind: 'passed', step: `${step}; best-effort lets it pass` };
}
