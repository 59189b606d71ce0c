import { challengeState, DEFAULT_LIST_LIMIT } from '../challenge-state.js';
import type {
  ChallengeDigest,
  ChallengeFilter,
  ChallengeId,
  ChallengeRecord,
  ChallengeStore,
  Reservation,
  ReserveOutcome,
} from '../challenge-store.js';
import {
  challengeColumns,
  challengeFromRow,
  challengesWhere,
  challengeTerms,
  countsByState,
  countsFromRow,
  isIdle,
  reservationFromRow,
  reservationParts,
  usesLeft,
} from '../sql/challenge-row.js';
import type { Row } from '../sql/row.js';
import { assignments, insertInto } from '../sql/statement.js';
import {
  addWithinQuotas,
  wasAdded,
  type ChallengeOrder,
  type OrderOutcome,
} from './challenge-orders.js';
import type { PostgresDatabase } from './database.js';
import { OrderQueue } from './order-queue.js';
import { lockQuotas, noteQuotaChange } from './quota.js';
import type { Session } from './session.js';

/** Rows one transaction prunes at most: keeps it short. */
const PRUNE_LIMIT = 256;

/** Challenges one statement looks through. */
const LOOK_LIMIT = 1000;

const columns =
  'seq, id, digest, account, binding, created_at, expires_at, max_uses, uses, revoked_at';
const parts = reservationParts('seq');
const holdOf = 'transaction_key = ? AND challenge = (SELECT seq FROM challenges WHERE id = ?)';

/**
 * Whoever changes a challenge locks its row first, then its holds: two of them never wait for each other
 * crosswise, and the second one sees what the first has done.
 */
export class PostgresChallengeStore implements ChallengeStore {
  readonly durable = true;
  readonly #db: PostgresDatabase;
  readonly #orders: OrderQueue<ChallengeOrder, OrderOutcome>;

  constructor(database: PostgresDatabase) {
    this.#db = database;
    this.#orders = new OrderQueue((orders) =>
      database.transaction((session) => addWithinQuotas(session, orders)),
    );
  }

  async add(record: ChallengeRecord, quota: number): Promise<boolean> {
    return wasAdded(await this.#orders.submit({ record, quota }));
  }

  put(record: ChallengeRecord): Promise<void> {
    return this.#db.transaction(async (session) => {
      const { sql, params } = insertInto('challenges', {
        ...challengeColumns(record),
        counted: false,
        lasting: true,
      });
      await session.run(`${sql} ON CONFLICT (id) DO NOTHING`, ...params);
      await lock(session, record.id);
      // Out of the quota of the account it had, into that of the account it has.
      await recount(session, record.id, 'FALSE');
      const { sql: changes, params: changed } = assignments({
        ...challengeTerms(record),
        lasting: true,
      });
      await session.run(`UPDATE challenges SET ${changes} WHERE id = ?`, ...changed, record.id);
      await recount(session, record.id);
    });
  }

  async findByDigest(digest: ChallengeDigest): Promise<ChallengeRecord | undefined> {
    return toRecord(
      await this.#db.session((session) =>
        session.get(
          `SELECT ${columns} FROM challenges WHERE digest = ?
           ORDER BY revoked_at IS NOT NULL, seq DESC LIMIT 1`,
          digest,
        ),
      ),
    );
  }

  async find(id: ChallengeId): Promise<ChallengeRecord | undefined> {
    return toRecord(
      await this.#db.session((session) =>
        session.get(`SELECT ${columns} FROM challenges WHERE id = ?`, id),
      ),
    );
  }

  async reserve(id: ChallengeId, transaction: string, now: Date): Promise<ReserveOutcome> {
    if (await this.#db.session((session) => reserveUnused(session, id, transaction, now)))
      return { kind: 'reserved' };
    return this.#db.transaction(async (session) => {
      const row = await lock(session, id);
      const record = toRecord(row);
      if (!row || !record) return { kind: 'refused', reason: 'unknown' };
      const challenge = row.integer('seq');
      const hold = await session.get(
        'SELECT state FROM transaction_holds WHERE challenge = ? AND transaction_key = ?',
        challenge,
        transaction,
      );
      if (hold?.text('state') === 'reserved') {
        await session.run(
          `WITH held AS (
             UPDATE transaction_holds SET touched_at = ? WHERE challenge = ? AND transaction_key = ?)
           UPDATE challenges SET used_at = ? WHERE seq = ?`,
          now,
          challenge,
          transaction,
          now,
          challenge,
        );
        return { kind: 'held' };
      }
      const state = challengeState(record, now);
      if (state !== 'open') return { kind: 'refused', reason: state };
      await session.run(
        `WITH held AS (
           INSERT INTO transaction_holds (challenge, transaction_key, state, touched_at)
           VALUES (?, ?, 'reserved', ?)
           ON CONFLICT (challenge, transaction_key)
             DO UPDATE SET state = 'reserved', touched_at = excluded.touched_at)
         UPDATE challenges SET uses = uses + 1, used_at = ? WHERE seq = ?`,
        challenge,
        transaction,
        now,
        now,
        challenge,
      );
      await recount(session, id);
      return { kind: 'reserved' };
    });
  }

  async isHeld(id: ChallengeId, transaction: string): Promise<boolean> {
    const held = await this.#db.session((session) =>
      session.get(`SELECT state FROM transaction_holds WHERE ${holdOf}`, transaction, id),
    );
    return held !== undefined;
  }

  async confirm(id: ChallengeId, transaction: string): Promise<void> {
    await this.#db.session((session) =>
      session.run(
        `UPDATE transaction_holds SET state = 'spent' WHERE state = 'reserved' AND ${holdOf}`,
        transaction,
        id,
      ),
    );
  }

  release(id: ChallengeId, transaction: string): Promise<void> {
    return this.#db.transaction(async (session) => {
      if (await lock(session, id)) await giveBack(session, id, transaction);
    });
  }

  async *idleReservations(before: Date): AsyncGenerator<readonly Reservation[]> {
    for (let after = 0; ;) {
      const { last, rows } = await this.#db.session(async (session) => {
        const last = (await session.one(parts.last, after, LOOK_LIMIT)).integerOrNone('last');
        const rows = last === undefined ? [] : await session.all(parts.idle, after, last, before);
        return { last, rows };
      });
      if (last === undefined) return;
      yield rows.map(reservationFromRow);
      after = last;
    }
  }

  reclaim(id: ChallengeId, transaction: string, before: Date): Promise<boolean> {
    return this.#db.transaction(async (session) => {
      await lock(session, id);
      const idle = await session.get(
        `SELECT seq FROM challenges JOIN transaction_holds ON challenge = seq
         WHERE id = ? AND transaction_key = ? AND ${isIdle}`,
        id,
        transaction,
        before,
      );
      return idle !== undefined && giveBack(session, id, transaction);
    });
  }

  async list(filter: ChallengeFilter, now: Date): Promise<readonly ChallengeRecord[]> {
    const where = challengesWhere(filter, now);
    const rows = await this.#db.session((session) =>
      session.all(
        `SELECT ${columns} FROM challenges ${where.sql} ORDER BY seq DESC LIMIT ?`,
        ...where.params,
        filter.limit ?? DEFAULT_LIST_LIMIT,
      ),
    );
    return rows.map(challengeFromRow);
  }

  async count(now: Date): ReturnType<ChallengeStore['count']> {
    return countsFromRow(
      await this.#db.session((session) =>
        session.one(`SELECT ${countsByState} FROM challenges`, now, now),
      ),
    );
  }

  revoke(id: ChallengeId, now: Date): Promise<boolean> {
    return this.#db.transaction(async (session) => {
      if (!(await lock(session, id))) return false;
      await session.run(
        'UPDATE challenges SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?',
        now,
        id,
      );
      await recount(session, id);
      return true;
    });
  }

  async prune(before: Date): Promise<number> {
    const conditions = ['expires_at < ?', 'used_at < ? AND uses >= max_uses'];
    let pruned = 0;
    for (const condition of conditions) {
      let last: number;
      do {
        last = await this.#db.transaction((session) => pruneSome(session, condition, before));
        pruned += last;
      } while (last > 0);
    }
    await this.#db.transaction(foldQuotas);
    return pruned;
  }
}

/**
 * One statement for what nearly all challenges are: good for one use, and not used. Who had to wait for
 * the row finds it used; so nobody can hold it. False says nothing about why.
 */
async function reserveUnused(
  session: Session,
  id: ChallengeId,
  transaction: string,
  now: Date,
): Promise<boolean> {
  const reserved = await session.one(
    `WITH changed AS (
       UPDATE challenges SET uses = 1, used_at = ?, counted = FALSE
       WHERE id = ? AND counted AND max_uses = 1 AND uses = 0 AND revoked_at IS NULL
         AND (expires_at IS NULL OR expires_at > ?)
       RETURNING seq, account),
     held AS (
       INSERT INTO transaction_holds (challenge, transaction_key, state, touched_at)
       SELECT seq, ?::text, 'reserved', ?::bigint FROM changed),
     noted AS (
       INSERT INTO challenge_quota_changes (account, change) SELECT account, -1 FROM changed)
     SELECT count(*) AS n FROM changed`,
    now,
    id,
    now,
    transaction,
    now,
  );
  return reserved.integer('n') > 0;
}

/** Inside a transaction. */
function lock(session: Session, id: ChallengeId): Promise<Row | undefined> {
  return session.get(`SELECT ${columns} FROM challenges WHERE id = ? FOR UPDATE`, id);
}

/** With the row locked. */
async function giveBack(session: Session, id: ChallengeId, transaction: string): Promise<boolean> {
  const released = await session.run(
    `DELETE FROM transaction_holds WHERE state = 'reserved' AND ${holdOf}`,
    transaction,
    id,
  );
  if (released === 0) return false;
  await session.run('UPDATE challenges SET uses = uses - 1 WHERE id = ?', id);
  await recount(session, id);
  return true;
}

/** With the row locked: whether it holds a place in its account's quota, and the quota by that much. */
async function recount(session: Session, id: ChallengeId, counted = usesLeft): Promise<void> {
  await session.run(
    `WITH earlier AS (SELECT counted AS was FROM challenges WHERE id = ?),
     changed AS (
       UPDATE challenges SET counted = (${counted}) FROM earlier
       WHERE id = ? AND was <> (${counted}) RETURNING account, was, counted)
     ${noteQuotaChange}`,
    id,
    id,
  );
}

/** Locks first and judges then: a device may have taken hold of one in between. */
async function pruneSome(session: Session, condition: string, before: Date): Promise<number> {
  const prunable = `${condition} AND NOT lasting AND NOT EXISTS (
    SELECT 1 FROM transaction_holds WHERE challenge = challenges.seq AND state = 'reserved')`;
  const candidates = await session.all(
    `SELECT seq FROM challenges WHERE ${prunable} LIMIT ${PRUNE_LIMIT} FOR UPDATE SKIP LOCKED`,
    before,
  );
  if (candidates.length === 0) return 0;
  const gone = await session.one(
    `WITH gone AS (
       DELETE FROM challenges WHERE seq = ANY (?::bigint[]) AND ${prunable} RETURNING account, counted),
     changes AS (
       INSERT INTO challenge_quota_changes (account, change)
       SELECT account, -count(*) FROM gone WHERE counted GROUP BY account)
     SELECT count(*) AS n FROM gone`,
    candidates.map((row) => row.integer('seq')),
    before,
  );
  return gone.integer('n');
}

/** Of accounts that order nothing, too: what has changed shall not grow without end. */
async function foldQuotas(session: Session): Promise<void> {
  const rows = await session.all('SELECT DISTINCT account FROM challenge_quota_changes');
  if (rows.length > 0)
    await lockQuotas(
      session,
      rows.map((row) => row.text('account')),
    );
}

function toRecord(row: Row | undefined): ChallengeRecord | undefined {
  return row && challengeFromRow(row);
}
