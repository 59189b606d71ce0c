/** A challenge as columns, and columns as a challenge. */
import { bindingFromJson, bindingToJson } from '../binding-json.js';
import type {
  ChallengeDigest,
  ChallengeFilter,
  ChallengeId,
  ChallengeRecord,
  ChallengeStore,
  Reservation,
} from '../challenge-store.js';
import type { Row } from './row.js';
import type { Columns } from './statement.js';
import { Where } from './where.js';

export const usesLeft = 'revoked_at IS NULL AND (max_uses IS NULL OR uses < max_uses)';

export function challengeColumns(record: ChallengeRecord): Columns {
  return { id: record.id, uses: record.uses, ...challengeTerms(record) };
}

/** What `put` replaces: everything but the id and the uses. */
export function challengeTerms(record: ChallengeRecord): Columns {
  return {
    digest: record.digest,
    account: record.account,
    binding: bindingToJson(record.binding),
    created_at: record.createdAt,
    expires_at: record.expiresAt,
    max_uses: record.maxUses,
    revoked_at: record.revokedAt,
  };
}

export function challengeFromRow(row: Row): ChallengeRecord {
  return {
    id: row.text('id') as ChallengeId,
    digest: row.text('digest') as ChallengeDigest,
    account: row.text('account'),
    binding: bindingFromJson(row.text('binding')),
    createdAt: row.date('created_at'),
    expiresAt: row.dateOrNone('expires_at'),
    maxUses: row.integerOrNone('max_uses'),
    uses: row.integer('uses'),
    revokedAt: row.dateOrNone('revoked_at'),
  };
}

/** Of a hold and its challenge, which has a limit; takes a time. Earlier releases wrote none to the hold. */
export const isIdle =
  "state = 'reserved' AND max_uses IS NOT NULL AND coalesce(touched_at, used_at) < ?";

/** Statements over a part of the challenges; `row` is the column that numbers them. */
export function reservationParts(row: 'row' | 'seq') {
  return {
    /** After which row, and how many → the `last` of them; NULL where there are none. */
    last: `SELECT max(${row}) AS last FROM (
      SELECT ${row} FROM challenges WHERE ${row} > ? ORDER BY ${row} LIMIT ?) AS part`,
    /** After which row, up to which, and idle since when. */
    idle: `SELECT id, created_at, transaction_key, touched_at
      FROM challenges JOIN transaction_holds ON challenge = ${row}
      WHERE ${row} > ? AND ${row} <= ? AND ${isIdle}`,
  };
}

export function reservationFromRow(row: Row): Reservation {
  return {
    challenge: row.text('id') as ChallengeId,
    createdAt: row.date('created_at'),
    transaction: row.text('transaction_key'),
    touchedAt: row.dateOrNone('touched_at'),
  };
}

export function challengesWhere(filter: ChallengeFilter, now: Date): Where {
  const where = new Where();
  const ofAccount =
    filter.account === undefined ? where : where.with('account = ?', filter.account);
  switch (filter.state) {
    case 'open':
      return ofAccount.with(`${usesLeft} AND (expires_at IS NULL OR expires_at > ?)`, now);
    case 'used':
      return ofAccount.with('revoked_at IS NULL AND uses >= max_uses');
    case 'expired':
      return ofAccount.with(`${usesLeft} AND expires_at <= ?`, now);
    case 'revoked':
      return ofAccount.with('revoked_at IS NOT NULL');
    default:
      return ofAccount;
  }
}

/** Takes the time twice. */
export const countsByState = `
  count(*) FILTER (WHERE revoked_at IS NOT NULL) AS revoked,
  count(*) FILTER (WHERE revoked_at IS NULL AND uses >= max_uses) AS used,
  count(*) FILTER (WHERE ${usesLeft} AND expires_at <= ?) AS expired,
  count(*) FILTER (WHERE ${usesLeft} AND (expires_at IS NULL OR expires_at > ?)) AS open`;

export function countsFromRow(row: Row): Awaited<ReturnType<ChallengeStore['count']>> {
  return {
    open: row.integer('open'),
    used: row.integer('used'),
    expired: row.integer('expired'),
    revoked: row.integer('revoked'),
  };
}
