import type { ChallengeFilter, ChallengeRecord } from './challenge-store.js';

/** Challenges a `list` gives where the filter names no limit. */
export const DEFAULT_LIST_LIMIT = 1000;

/**
 * Where a challenge stands at `now`. Revoked says more than used, and used more than expired: a spent
 * challenge stays "used" after its time.
 */
export function challengeState(
  record: ChallengeRecord,
  now: Date,
): NonNullable<ChallengeFilter['state']> {
  if (record.revokedAt !== undefined) return 'revoked';
  if (isUsedUp(record)) return 'used';
  return record.expiresAt !== undefined && record.expiresAt <= now ? 'expired' : 'open';
}

export function isUsedUp(record: ChallengeRecord): boolean {
  return record.maxUses !== undefined && record.uses >= record.maxUses;
}
