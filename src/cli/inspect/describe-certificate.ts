import {
  extensionOids,
  readBasicConstraints,
  readExtendedKeyUsage,
  readKeyUsage,
  readSubjectAltNames,
  subjectAltNameText,
  verifyIssuedBy,
  type Certificate,
  type Extension,
} from '../../x509/index.js';
import { groupedHex } from '../hex.js';
import { shortTime } from '../table.js';
import type { AtHand } from './at-hand.js';
import { extendedUsageName, signatureName, weakSignature } from './names.js';
import type { ReportDraft } from './report.js';

/** A certificate that somebody asks about: everything there is to say. */
export async function describeCertificate(
  certificate: Certificate,
  draft: ReportDraft,
  {
    atHand,
    issuers,
  }: { readonly atHand: AtHand | undefined; readonly issuers: readonly Certificate[] },
): Promise<void> {
  const { subject, issuer, serial, notBefore, notAfter, publicKey, thumbprints } = certificate;
  draft.fact('Subject', subject.text || '(empty)');
  describeExtensions(certificate, draft);
  draft.fact('Issuer', issuer.text);
  draft.fact('Serial', serial);
  draft.fact('Valid', `${shortTime(notBefore)} to ${shortTime(notAfter)} UTC`);
  draft.fact('Key', `${publicKey.description}, SHA-256 ${publicKey.id}`);
  draft.fact('Signature', signatureName(certificate.signatureAlgorithm));
  draft.fact('SHA-256', groupedHex(thumbprints.sha256));
  draft.fact('SHA-1', groupedHex(thumbprints.sha1));
  draft.fact('MD5', groupedHex(thumbprints.md5));
  judgeDates(certificate, draft);
  judgeStrength(certificate, draft);
  judgeIssuer(certificate, issuers, draft);
  if (serial.startsWith('-')) {
    draft.wrong('The serial number is negative; RFC 5280 §4.1.2.2 wants a positive one.');
  }
  if (atHand) await describeRecord(certificate, atHand, draft);
}

/** SAN, usages and constraints, of a certificate or as a CSR asks for them. */
export function describeExtensions(
  { extensions }: { readonly extensions: readonly Extension[] },
  draft: ReportDraft,
): void {
  for (const extension of extensions) {
    const describe = describers.get(extension.oid);
    if (!describe) continue;
    const [label, read] = describe;
    try {
      draft.fact(
        label,
        `${read(extension) || '(empty)'}${extension.critical ? ' (critical)' : ''}`,
      );
    } catch {
      draft.wrong(`The extension ${label} cannot be read.`);
    }
  }
  const others = extensions.filter(({ oid }) => !describers.has(oid) && !plumbing.has(oid));
  if (others.length > 0) draft.fact('Extensions', others.map(({ oid }) => oid).join(', '));
}

const describers: ReadonlyMap<string, readonly [string, (extension: Extension) => string]> =
  new Map([
    [
      extensionOids.subjectAltName,
      ['SAN', ({ value }) => readSubjectAltNames(value).map(subjectAltNameText).join(', ')],
    ],
    [extensionOids.keyUsage, ['Key usage', (extension) => readKeyUsage(extension).join(', ')]],
    [
      extensionOids.extendedKeyUsage,
      ['EKU', (extension) => readExtendedKeyUsage(extension).map(extendedUsageName).join(', ')],
    ],
    [
      extensionOids.basicConstraints,
      ['CA', (extension) => (readBasicConstraints(extension).ca ? 'yes' : 'no')],
    ],
  ]);

/** What every certificate has and nobody asks about. */
const plumbing: ReadonlySet<string> = new Set([
  extensionOids.subjectKeyIdentifier,
  extensionOids.authorityKeyIdentifier,
  extensionOids.cdp,
  extensionOids.authorityInfoAccess,
]);

/** One line, for a certificate that comes along. */
export function certificateLine({ subject, serial, notAfter, publicKey }: Certificate): string {
  return `${subject.text || '(empty subject)'}, serial ${serial}, ${publicKey.description}, until ${shortTime(notAfter)}`;
}

function judgeDates({ notBefore, notAfter }: Certificate, draft: ReportDraft): void {
  const now = new Date();
  if (notAfter < now) draft.wrong(`It expired on ${shortTime(notAfter)} UTC.`);
  if (notBefore > now) {
    draft.wrong(
      `It is not valid before ${shortTime(notBefore)} UTC.`,
      'Compare the clocks of the CA and of this machine.',
    );
  }
}

function judgeStrength(certificate: Certificate, draft: ReportDraft): void {
  const { publicKey, signatureAlgorithm } = certificate;
  const weak = weakSignature(signatureAlgorithm);
  if (weak) draft.wrong(`It is signed with ${weak}, which is no longer trusted.`);
  if (publicKey.kind === 'rsa' && publicKey.bits < 2048) {
    draft.wrong(`Its key, ${publicKey.description}, is too small; 2048 bits are the least.`);
  }
}

function judgeIssuer(
  certificate: Certificate,
  issuers: readonly Certificate[],
  draft: ReportDraft,
): void {
  const named = [certificate, ...issuers].filter(({ subject }) =>
    subject.matches(certificate.issuer),
  );
  if (named.some((issuer) => verifyIssuedBy(certificate, issuer))) {
    draft.fact(
      'Issued by',
      verifyIssuedBy(certificate, certificate) ? 'itself (self-signed)' : 'a CA at hand: verifies',
    );
  } else if (named.length > 0) {
    draft.wrong(
      'Its signature does not verify with the certificate of its issuer.',
      'Another CA has the same name, or the certificate was changed on the way.',
    );
  } else {
    draft.note('Its issuer is not at hand, so its signature was not checked.');
  }
}

async function describeRecord(
  { thumbprints }: Certificate,
  { data }: AtHand,
  draft: ReportDraft,
): Promise<void> {
  const record = await data.enrollments.certificate(thumbprints.sha256);
  if (!record) return;
  const profile = record.profile === '' ? '' : ` by profile ${record.profile}`;
  draft.fact('On record', `issued ${shortTime(record.issuedAt)} UTC${profile}`);
  if (record.revokedAt) draft.wrong(`It was revoked on ${shortTime(record.revokedAt)} UTC.`);
}
