/** A certificate as columns, and columns as a certificate. */
import type { CertificateFilter, CertificateRecord } from '../transaction-store.js';
import { certificateIdentifiers } from './certificate-identifiers.js';
import type { Row } from './row.js';
import type { Columns } from './statement.js';
import { Where } from './where.js';

/** Without its DER, which lies apart, so that a text search reads narrow rows. */
export function certificateColumns(record: CertificateRecord): Columns {
  return {
    thumbprint: record.thumbprint,
    serial: record.serial,
    issuer_digest: record.issuerDigest,
    subject: record.subject,
    san_text: record.sanText,
    key_id: record.keyId,
    profile: record.profile,
    issuer: record.issuer,
    transaction_id: record.transactionId,
    not_before: record.notBefore,
    not_after: record.notAfter,
    issued_at: record.issuedAt,
    revoked_at: record.revokedAt,
    revocation_reason: record.revocationReason,
  };
}

export function certificateFromRow(row: Row): CertificateRecord {
  return {
    thumbprint: row.text('thumbprint'),
    serial: row.text('serial'),
    issuerDigest: row.text('issuer_digest'),
    subject: row.text('subject'),
    sanText: row.text('san_text'),
    keyId: row.text('key_id'),
    profile: row.text('profile'),
    issuer: row.text('issuer'),
    transactionId: row.text('transaction_id'),
    notBefore: row.date('not_before'),
    notAfter: row.date('not_after'),
    der: row.blob('der'),
    issuedAt: row.date('issued_at'),
    revokedAt: row.dateOrNone('revoked_at'),
    revocationReason: row.integerOrNone('revocation_reason'),
  };
}

/** Profile and state of the filter; its text is another matter. */
export function certificatesWhere(filter: CertificateFilter, now: Date): Where {
  const where = new Where();
  const ofProfile =
    filter.profile === undefined ? where : where.with('profile = ?', filter.profile);
  switch (filter.state) {
    case 'revoked':
      return ofProfile.with('revoked_at IS NOT NULL');
    case 'expired':
      return ofProfile.with('revoked_at IS NULL AND not_after < ?', now);
    case 'valid':
      return ofProfile.with('revoked_at IS NULL AND not_after >= ?', now);
    default:
      return ofProfile;
  }
}

/** Those that `text` names exactly, whichever of their identifiers it is. */
export function holdsIdentifier(where: Where, text: string): Where {
  const { thumbprint, serial, keyId, transactionId } = certificateIdentifiers(text);
  return where.with(
    'thumbprint = ? OR serial = ? OR key_id = ? OR transaction_id = ?',
    thumbprint,
    serial,
    keyId,
    transactionId,
  );
}
