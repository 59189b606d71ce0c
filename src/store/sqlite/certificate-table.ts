import type { CertificateFilter, CertificateRecord } from '../transaction-store.js';
import {
  certificateIdentifiers,
  isFullDigest,
  isLongIdentifier,
} from './certificate-identifiers.js';
import type { Database } from './database.js';
import { anywhere, DEFAULT_SEARCH_LIMIT, newestFirst } from './newest-first.js';
import type { Row } from './row.js';
import { Where } from './where.js';

/** CROSS keeps the order: filter the narrow rows first, then fetch the bytes of those that fit. */
const select =
  'SELECT * FROM certificates CROSS JOIN certificate_bytes ON certificate_bytes.certificate = certificates.row';

/** Inside a write. A certificate that is there already stays as it is. */
export function insertCertificate(db: Database, record: CertificateRecord): void {
  const inserted = db.get(
    `INSERT INTO certificates (thumbprint, serial, issuer_digest, subject, san_text, key_id, profile,
       issuer, transaction_id, not_before, not_after, issued_at, revoked_at, revocation_reason)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (thumbprint) DO NOTHING RETURNING row`,
    record.thumbprint,
    record.serial,
    record.issuerDigest,
    record.subject,
    record.sanText,
    record.keyId,
    record.profile,
    record.issuer,
    record.transactionId,
    record.notBefore,
    record.notAfter,
    record.issuedAt,
    record.revokedAt,
    record.revocationReason,
  );
  if (!inserted) return;
  db.run(
    'INSERT INTO certificate_bytes (certificate, der) VALUES (?, ?)',
    inserted.integer('row'),
    record.der,
  );
}

export function certificateByThumbprint(
  db: Database,
  thumbprint: string,
): CertificateRecord | undefined {
  const row = db.get(`${select} WHERE thumbprint = ?`, thumbprint);
  return row && fromRow(row);
}

export function certificateBySerial(
  db: Database,
  issuerDigest: string,
  serial: string,
): CertificateRecord | undefined {
  const row = db.get(`${select} WHERE serial = ? AND issuer_digest = ?`, serial, issuerDigest);
  return row && fromRow(row);
}

/** In the order of their revocation. */
export function revokedCertificates(db: Database, issuerDigest: string): CertificateRecord[] {
  return db
    .all(
      `${select} WHERE issuer_digest = ? AND revoked_at IS NOT NULL ORDER BY revoked_at, row`,
      issuerDigest,
    )
    .map(fromRow);
}

/** Inside a write. False when unknown or revoked before. */
export function revokeCertificate(
  db: Database,
  thumbprint: string,
  reason: number,
  at: Date,
): boolean {
  return (
    db.run(
      `UPDATE certificates SET revoked_at = ?, revocation_reason = ?
       WHERE thumbprint = ? AND revoked_at IS NULL`,
      at,
      reason,
      thumbprint,
    ) > 0
  );
}

/** Exact identifiers first, then what holds the text somewhere; each newest first. */
export async function searchCertificates(
  db: Database,
  filter: CertificateFilter,
  now: Date,
): Promise<readonly CertificateRecord[]> {
  const limit = filter.limit ?? DEFAULT_SEARCH_LIMIT;
  const where = filtered(filter, now);
  const source = { select, table: 'certificates' } as const;
  if (filter.text === undefined) return (await newestFirst(db, source, where, limit)).map(fromRow);
  const exact = searchExact(db, filter.text, where, limit);
  if (isFullDigest(filter.text) || (exact.length > 0 && isLongIdentifier(filter.text)))
    return exact;
  const pattern = anywhere(filter.text);
  const holding = where.with(
    "subject LIKE ? ESCAPE '\\' OR san_text LIKE ? ESCAPE '\\' OR transaction_id LIKE ? ESCAPE '\\'",
    pattern,
    pattern,
    pattern,
  );
  const rest = (await newestFirst(db, source, holding, limit)).map(fromRow);
  const known = new Set(exact.map((record) => record.thumbprint));
  return [...exact, ...rest.filter((record) => !known.has(record.thumbprint))].slice(0, limit);
}

function searchExact(db: Database, text: string, where: Where, limit: number): CertificateRecord[] {
  const { thumbprint, serial, keyId, transactionId } = certificateIdentifiers(text);
  const exact = where.with(
    'thumbprint = ? OR serial = ? OR key_id = ? OR transaction_id = ?',
    thumbprint,
    serial,
    keyId,
    transactionId,
  );
  return db
    .all(`${select} ${exact.sql} ORDER BY row DESC LIMIT ?`, ...exact.params, limit)
    .map(fromRow);
}

function filtered(filter: CertificateFilter, now: Date): Where {
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

function fromRow(row: Row): CertificateRecord {
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
