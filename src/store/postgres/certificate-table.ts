import { isFullDigest, isLongIdentifier } from '../sql/certificate-identifiers.js';
import {
  certificateColumns,
  certificateFromRow,
  certificatesWhere,
  holdsIdentifier,
} from '../sql/certificate-row.js';
import { anywhere, DEFAULT_SEARCH_LIMIT } from '../sql/search.js';
import type { Statement } from '../sql/statement.js';
import type { Where } from '../sql/where.js';
import type { CertificateFilter, CertificateRecord } from '../transaction-store.js';
import { insertWhen, withClauses } from './insert-when.js';
import type { Session } from './session.js';

/** By name, as a transaction's. */
export const certificateFields = `thumbprint, serial, issuer_digest, subject, san_text, key_id, profile, issuer,
  transaction_id, not_before, not_after, issued_at, revoked_at, revocation_reason, der`;
const select = `SELECT ${certificateFields}
  FROM certificates JOIN certificate_bytes ON certificate_bytes.certificate = certificates.seq`;

/** One statement. A certificate that is there already stays as it is. */
export async function insertCertificate(
  session: Session,
  record: CertificateRecord,
): Promise<void> {
  const { sql, params } = withClauses(certificateClauses('(SELECT 1) AS always', record));
  await session.run(`${sql} SELECT 1`, ...params);
}

/** For a WITH clause: the certificate with its bytes, if `source` has a row. */
export function certificateClauses(
  source: string,
  record: CertificateRecord,
): readonly (readonly [string, Statement])[] {
  const { sql, params } = insertWhen(source, 'certificates', certificateColumns(record));
  return [
    ['certified', { sql: `${sql} ON CONFLICT (thumbprint) DO NOTHING RETURNING seq`, params }],
    [
      'bytes',
      {
        sql: 'INSERT INTO certificate_bytes (certificate, der) SELECT seq, ?::bytea FROM certified',
        params: [record.der],
      },
    ],
  ];
}

export async function certificateByThumbprint(
  session: Session,
  thumbprint: string,
): Promise<CertificateRecord | undefined> {
  const row = await session.get(`${select} WHERE thumbprint = ?`, thumbprint);
  return row && certificateFromRow(row);
}

export async function certificateBySerial(
  session: Session,
  issuerDigest: string,
  serial: string,
): Promise<CertificateRecord | undefined> {
  const row = await session.get(
    `${select} WHERE serial = ? AND issuer_digest = ?`,
    serial,
    issuerDigest,
  );
  return row && certificateFromRow(row);
}

/** In the order of their revocation. */
export async function revokedCertificates(
  session: Session,
  issuerDigest: string,
): Promise<CertificateRecord[]> {
  const rows = await session.all(
    `${select} WHERE issuer_digest = ? AND revoked_at IS NOT NULL ORDER BY revoked_at, seq`,
    issuerDigest,
  );
  return rows.map(certificateFromRow);
}

/** False when unknown or revoked before. */
export async function revokeCertificate(
  session: Session,
  thumbprint: string,
  reason: number,
  at: Date,
): Promise<boolean> {
  const revoked = await session.run(
    `UPDATE certificates SET revoked_at = ?, revocation_reason = ?
     WHERE thumbprint = ? AND revoked_at IS NULL`,
    at,
    reason,
    thumbprint,
  );
  return revoked > 0;
}

/** Exact identifiers first, then what holds the text somewhere; each newest first. */
export async function searchCertificates(
  session: Session,
  filter: CertificateFilter,
  now: Date,
): Promise<readonly CertificateRecord[]> {
  const { text, limit = DEFAULT_SEARCH_LIMIT } = filter;
  const where = certificatesWhere(filter, now);
  if (text === undefined) return newestFirst(session, where, limit);
  const exact = await newestFirst(session, holdsIdentifier(where, text), limit);
  if (isFullDigest(text) || (exact.length > 0 && isLongIdentifier(text))) return exact;
  const pattern = anywhere(text);
  const holding = where.with(
    "subject ILIKE ? ESCAPE '\\' OR san_text ILIKE ? ESCAPE '\\' OR transaction_id ILIKE ? ESCAPE '\\'",
    pattern,
    pattern,
    pattern,
  );
  const known = new Set(exact.map((record) => record.thumbprint));
  const rest = await newestFirst(session, holding, limit);
  return [...exact, ...rest.filter((record) => !known.has(record.thumbprint))].slice(0, limit);
}

async function newestFirst(
  session: Session,
  where: Where,
  limit: number,
): Promise<CertificateRecord[]> {
  const rows = await session.all(
    `${select} ${where.sql} ORDER BY certificates.seq DESC LIMIT ?`,
    ...where.params,
    limit,
  );
  return rows.map(certificateFromRow);
}
