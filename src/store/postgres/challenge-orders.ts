import { GatewayError } from '../../errors/index.js';
import { bindingToJson } from '../binding-json.js';
import { isUsedUp } from '../challenge-state.js';
import type { ChallengeRecord } from '../challenge-store.js';
import { lockQuotas, setQuotas, sweepExpired } from './quota.js';
import type { Session } from './session.js';

export interface ChallengeOrder {
  readonly record: ChallengeRecord;
  readonly quota: number;
}

/** `contradicts`: another challenge has its id. */
export type OrderOutcome = 'added' | 'no-room' | 'contradicts';

/** Inside a transaction: adds those that their accounts have room for, first come, first served. */
export async function addWithinQuotas(
  session: Session,
  orders: readonly ChallengeOrder[],
): Promise<readonly OrderOutcome[]> {
  const open = await lockQuotas(session, [...new Set(orders.map(accountOf))]);
  await makeRoom(session, orders, open);
  const admitted = orders.filter((order) => takePlace(order, open));
  const added = await insertAll(
    session,
    admitted.map(({ record }) => record),
  );
  for (const { record } of admitted) {
    if (!added.has(record.id)) give(open, record, -1);
  }
  await setQuotas(session, open);
  return orders.map((order) => {
    if (!admitted.includes(order)) return 'no-room';
    return added.has(order.record.id) ? 'added' : 'contradicts';
  });
}

/** @throws GatewayError `internal` for what the database cannot hold */
export function wasAdded(outcome: OrderOutcome): boolean {
  if (outcome === 'contradicts')
    throw new GatewayError('internal', 'The record contradicts what is stored.', {
      detail: 'a challenge of this id exists',
    });
  return outcome === 'added';
}

async function makeRoom(
  session: Session,
  orders: readonly ChallengeOrder[],
  open: Map<string, number>,
): Promise<void> {
  for (const [account, held] of [...open]) {
    const own = orders.filter((order) => accountOf(order) === account);
    const claim = {
      account,
      // Room for all of them where there can be.
      quota: Math.min(...own.map(({ quota }) => quota)) - own.length + 1,
      now: new Date(Math.max(...own.map(({ record }) => record.createdAt.getTime()))),
    };
    open.set(account, held - (await sweepExpired(session, claim, held)));
  }
}

function takePlace({ record, quota }: ChallengeOrder, open: Map<string, number>): boolean {
  if ((open.get(record.account) ?? 0) >= quota) return false;
  give(open, record, 1);
  return true;
}

function give(open: Map<string, number>, record: ChallengeRecord, places: 1 | -1): void {
  if (!isCounted(record)) return;
  open.set(record.account, (open.get(record.account) ?? 0) + places);
}

/** Newest last, so that `seq` tells who came first. */
async function insertAll(
  session: Session,
  records: readonly ChallengeRecord[],
): Promise<ReadonlySet<string>> {
  if (records.length === 0) return new Set();
  const rows = await session.all(
    `INSERT INTO challenges (id, digest, account, binding, created_at, expires_at, max_uses, uses,
       revoked_at, counted, lasting)
     SELECT id, digest, account, binding, created_at, expires_at, max_uses, uses, revoked_at, counted,
       FALSE
     FROM unnest(?::text[], ?::text[], ?::text[], ?::text[], ?::bigint[], ?::bigint[], ?::bigint[],
       ?::bigint[], ?::bigint[], ?::boolean[]) WITH ORDINALITY
       AS ordered (id, digest, account, binding, created_at, expires_at, max_uses, uses, revoked_at,
         counted, place)
     ORDER BY place ON CONFLICT (id) DO NOTHING RETURNING id`,
    records.map(({ id }) => id),
    records.map(({ digest }) => digest),
    records.map(({ account }) => account),
    records.map(({ binding }) => bindingToJson(binding)),
    records.map(({ createdAt }) => createdAt),
    records.map(({ expiresAt }) => expiresAt),
    records.map(({ maxUses }) => maxUses),
    records.map(({ uses }) => uses),
    records.map(({ revokedAt }) => revokedAt),
    records.map(isCounted),
  );
  return new Set(rows.map((row) => row.text('id')));
}

function isCounted(record: ChallengeRecord): boolean {
  return record.revokedAt === undefined && !isUsedUp(record);
}

function accountOf({ record }: ChallengeOrder): string {
  return record.account;
}
