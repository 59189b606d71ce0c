/**
 * How many open challenges an account holds: challenge_quotas plus challenge_quota_changes. An order locks
 * the account's row of the first and folds the second into it; whatever else changes the number only adds
 * a change, and waits for nobody.
 */
import type { Session } from './session.js';

/** Expired challenges one statement sees off: keeps the locks of an order short. */
const SWEEP_LIMIT = 1000;

/** What orders of one account want: places, at a time. */
export interface Claim {
  readonly account: string;
  /** Below it there is room. */
  readonly quota: number;
  readonly now: Date;
}

/**
 * Inside a transaction: locks the accounts, in an order that all processes share, and brings their numbers
 * up to date.
 */
export async function lockQuotas(
  session: Session,
  accounts: readonly string[],
): Promise<Map<string, number>> {
  await session.run(
    `INSERT INTO challenge_quotas (account, open)
     SELECT account, 0 FROM unnest(?::text[]) AS account ORDER BY account COLLATE "C"
     ON CONFLICT (account) DO UPDATE SET open = challenge_quotas.open`,
    accounts,
  );
  const rows = await session.all(
    `WITH folded AS (
       DELETE FROM challenge_quota_changes WHERE account = ANY (?::text[]) RETURNING account, change)
     UPDATE challenge_quotas SET open = open + coalesce(
       (SELECT sum(change) FROM folded WHERE folded.account = challenge_quotas.account), 0)
     WHERE account = ANY (?::text[]) RETURNING account, open`,
    accounts,
    accounts,
  );
  return new Map(rows.map((row) => [row.text('account'), row.integer('open')]));
}

/**
 * With the account locked: gives back the places of challenges whose time has passed unnoticed, until there
 * is room or nothing left to give back. Resolves to how many places were given back.
 */
export async function sweepExpired(
  session: Session,
  { account, quota, now }: Claim,
  open: number,
): Promise<number> {
  let swept = 0;
  for (;;) {
    const last = await session.run(
      `UPDATE challenges SET counted = FALSE WHERE seq IN (
         SELECT seq FROM challenges WHERE account = ? AND counted AND expires_at <= ?
         LIMIT ${SWEEP_LIMIT} FOR UPDATE SKIP LOCKED)`,
      account,
      now,
    );
    swept += last;
    if (open - swept < quota || last < SWEEP_LIMIT) return swept;
  }
}

/** With the accounts locked. */
export async function setQuotas(
  session: Session,
  open: ReadonlyMap<string, number>,
): Promise<void> {
  await session.run(
    `UPDATE challenge_quotas SET open = held.open
     FROM unnest(?::text[], ?::bigint[]) AS held (account, open)
     WHERE challenge_quotas.account = held.account`,
    [...open.keys()],
    [...open.values()],
  );
}

/**
 * For a WITH clause after `changed`, which gives `account`, `was` and `counted` of the rows it changed.
 */
export const noteQuotaChange = `
  INSERT INTO challenge_quota_changes (account, change)
  SELECT account, CASE WHEN counted THEN 1 ELSE -1 END FROM changed WHERE counted <> was`;
