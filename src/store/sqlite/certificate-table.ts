import {
  certificateColumns,
  certificateFromRow,
  certificatesWhere,
  holdsIdentifier,
} from '../sql/certificate-row.js';
import { isFullDigest, isLongIdentifier } from '../sql/certificate-identifiers.js';
import { anywhere, DEFAULT_SEARCH_LIMIT } from '../sql/search.js';
import { insertInto } from '../sql/statement.js';
import type { Where } from '../sql/where.js';
import type { CertificateFilter, CertificateRecord } from '../transaction-store.js';
import type { Database } from './database.js';
import { newestFirst } from './newest-first.js';

/** CROSS keeps the order: filter the narrow rows first, then fetch the bytes of those that fit. */
const select =
  'SELECT * FROM certificates CROSS JOIN certificate_bytes ON certificate_bytes.certificate = certificates.row';

/** Inside a write. A certificate that is there already stays as it is. */
export function insertCertificate(db: Database, record: CertificateRecord): void {
  const { sql, params } = insertInto('certificates', certificateColumns(record));
  const inserted = db.get(`${sql} ON CONFLICT (thumbprint) DO NOTHING RETURNING row`, ...params);
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
  return row && certificateFromRow(row);
}

export function certificateBySerial(
  db: Database,
  issuerDigest: string,
  serial: string,
): CertificateRecord | undefined {
  const row = db.get(`${select} WHERE serial = ? AND issuer_digest = ?`, serial, issuerDigest);
  return row && certificateFromRow(row);
}

/** In the order of their revocation. */
export function revokedCertificates(db: Database, issuerDigest: string): CertificateRecord[] {
  return db
    .all(
      `${select} WHERE issuer_digest = ? AND revoked_at IS NOT NULL ORDER BY revoked_at, row`,
      issuerDigest,
    )
    .map(certificateFromRow);
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
  const where = certificatesWhere(filter, now);
  const source = { select, table: 'certificates' } as const;
  if (filter.text === undefined)
    return (await newestFirst(db, source, where, limit)).map(certificateFromRow);
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
  const rest = (await newestFirst(db, source, holding, limit)).map(certificateFromRow);
  const known = new Set(exact.map((record) => record.thumbprint));
  return [...exact, ...rest.filter((record) => !known.has(record.thumbprint))].slice(0, limit);
}

function searchExact(db: Database, text: string, where: Where, limit: number): CertificateRecord[] {
  const exact = holdsIdentifier(where, text);
  return db
    .all(`${select} ${exact.sql} ORDER BY row DESC LIMIT ?`, ...exact.params, limit)
    .map(certificateFromRow);
}
