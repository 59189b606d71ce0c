import { setImmediate } from 'node:timers/promises';
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
import type { Database } from './database.js';

/** Rows one statement sweeps or prunes at most: keeps a transaction short. */
const SWEEP_LIMIT = 64;

/** Challenges one statement looks through: the event loop stands still meanwhile. */
const LOOK_LIMIT = 1000;

const parts = reservationParts('row');
const holdOf = 'transaction_key = ? AND challenge = (SELECT row FROM challenges WHERE id = ?)';

export class SqliteChallengeStore implements ChallengeStore {
  readonly durable = true;
  readonly #db: Database;

  constructor(database: Database) {
    this.#db = database;
  }

  add(record: ChallengeRecord, quota: number): Promise<boolean> {
    return this.#db.write(() => {
      if (!this.#hasRoom(record, quota)) return false;
      this.#insert(record);
      this.#recount(record.id);
      return true;
    }, 'later');
  }

  put(record: ChallengeRecord): Promise<void> {
    return this.#db.write(() => {
      this.#db.run('UPDATE challenges SET counted = 0 WHERE id = ?', record.id);
      const { sql, params } = assignments({ ...challengeTerms(record), lasting: true });
      const replaced = this.#db.run(
        `UPDATE challenges SET ${sql} WHERE id = ?`,
        ...params,
        record.id,
      );
      if (replaced === 0) this.#insert(record, { lasting: true });
      this.#recount(record.id);
    });
  }

  findByDigest(digest: ChallengeDigest): Promise<ChallengeRecord | undefined> {
    return this.#db.read(() =>
      toRecord(
        this.#db.get(
          `SELECT * FROM challenges WHERE digest = ?
           ORDER BY revoked_at IS NOT NULL, row DESC LIMIT 1`,
          digest,
        ),
      ),
    );
  }

  find(id: ChallengeId): Promise<ChallengeRecord | undefined> {
    return this.#db.read(() => toRecord(this.#row(id)));
  }

  reserve(id: ChallengeId, transaction: string, now: Date): Promise<ReserveOutcome> {
    return this.#db.write(() => {
      const hold = this.#holdState(id, transaction);
      if (hold === 'reserved') {
        this.#db.run(
          `UPDATE transaction_holds SET touched_at = ? WHERE ${holdOf}`,
          now,
          transaction,
          id,
        );
        this.#db.run('UPDATE challenges SET used_at = ? WHERE id = ?', now, id);
        return { kind: 'held' };
      }
      const row = this.#row(id);
      const record = toRecord(row);
      if (!row || !record) return { kind: 'refused', reason: 'unknown' };
      const state = challengeState(record, now);
      if (state !== 'open') return { kind: 'refused', reason: state };
      this.#db.run(
        `INSERT OR REPLACE INTO transaction_holds (challenge, transaction_key, state, touched_at)
         VALUES (?, ?, 'reserved', ?)`,
        row.integer('row'),
        transaction,
        now,
      );
      this.#db.run('UPDATE challenges SET uses = uses + 1, used_at = ? WHERE id = ?', now, id);
      this.#recount(id);
      return { kind: 'reserved' };
    }, 'later');
  }

  isHeld(id: ChallengeId, transaction: string): Promise<boolean> {
    return this.#db.read(() => this.#isHeld(id, transaction));
  }

  confirm(id: ChallengeId, transaction: string): Promise<void> {
    return this.#db.write(() => {
      this.#db.run(`UPDATE transaction_holds SET state = 'spent' WHERE ${holdOf}`, transaction, id);
    });
  }

  release(id: ChallengeId, transaction: string): Promise<void> {
    return this.#db.write(() => {
      this.#giveBack(id, transaction);
    });
  }

  async *idleReservations(before: Date): AsyncGenerator<readonly Reservation[]> {
    for (let after = 0; ;) {
      const last = await this.#db.read(() =>
        this.#db.one(parts.last, after, LOOK_LIMIT).integerOrNone('last'),
      );
      if (last === undefined) return;
      yield this.#db.read(() =>
        this.#db.all(parts.idle, after, last, before).map(reservationFromRow),
      );
      after = last;
      await setImmediate();
    }
  }

  reclaim(id: ChallengeId, transaction: string, before: Date): Promise<boolean> {
    return this.#db.write(() => {
      const idle = this.#db.get(
        `SELECT row FROM challenges JOIN transaction_holds ON challenge = row
         WHERE id = ? AND transaction_key = ? AND ${isIdle}`,
        id,
        transaction,
        before,
      );
      return idle !== undefined && this.#giveBack(id, transaction);
    });
  }

  list(filter: ChallengeFilter, now: Date): Promise<readonly ChallengeRecord[]> {
    const where = challengesWhere(filter, now);
    return this.#db.read(() =>
      this.#db
        .all(
          `SELECT * FROM challenges ${where.sql} ORDER BY row DESC LIMIT ?`,
          ...where.params,
          filter.limit ?? DEFAULT_LIST_LIMIT,
        )
        .map(challengeFromRow),
    );
  }

  count(now: Date): ReturnType<ChallengeStore['count']> {
    return this.#db.read(() => {
      const counts = this.#db.one(`SELECT ${countsByState} FROM challenges`, now, now);
      return countsFromRow(counts);
    });
  }

  revoke(id: ChallengeId, now: Date): Promise<boolean> {
    return this.#db.write(() => {
      const known = this.#db.run(
        'UPDATE challenges SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?',
        now,
        id,
      );
      if (known > 0) this.#recount(id);
      return known > 0;
    });
  }

  async prune(before: Date): Promise<number> {
    let pruned = 0;
    let last: number;
    do {
      last = await this.#db.write(() => this.#pruneSome(before));
      pruned += last;
    } while (last > 0);
    return pruned;
  }

  #giveBack(id: ChallengeId, transaction: string): boolean {
    const released = this.#db.run(
      `DELETE FROM transaction_holds WHERE state = 'reserved' AND ${holdOf}`,
      transaction,
      id,
    );
    if (released === 0) return false;
    this.#db.run('UPDATE challenges SET uses = uses - 1 WHERE id = ?', id);
    this.#recount(id);
    return true;
  }

  #pruneSome(before: Date): number {
    const prunable = `lasting = 0 AND NOT EXISTS (
      SELECT 1 FROM transaction_holds WHERE challenge = challenges.row AND state = 'reserved')`;
    const conditions = [
      'expires_at IS NOT NULL AND expires_at < ?',
      'used_at IS NOT NULL AND used_at < ? AND uses >= max_uses',
    ];
    return conditions
      .map((condition) =>
        this.#db.run(
          `DELETE FROM challenges WHERE row IN (
             SELECT row FROM challenges WHERE ${condition} AND ${prunable} LIMIT ${SWEEP_LIMIT})`,
          before,
        ),
      )
      .reduce((sum, count) => sum + count, 0);
  }

  #row(id: ChallengeId): Row | undefined {
    return this.#db.get('SELECT * FROM challenges WHERE id = ?', id);
  }

  #isHeld(id: ChallengeId, transaction: string): boolean {
    return this.#holdState(id, transaction) !== undefined;
  }

  /** reserved, spent or none. */
  #holdState(id: ChallengeId, transaction: string): string | undefined {
    return this.#db
      .get(`SELECT state FROM transaction_holds WHERE ${holdOf}`, transaction, id)
      ?.text('state');
  }

  /** The quota reads a counter kept by triggers, so it costs the same at 5 and at 200,000 challenges. */
  #hasRoom(record: ChallengeRecord, quota: number): boolean {
    for (;;) {
      const swept = this.#sweepExpired(record.account, record.createdAt);
      const open = this.#db.get(
        'SELECT open FROM challenge_quotas WHERE account = ?',
        record.account,
      );
      if ((open?.integer('open') ?? 0) < quota) return true;
      if (swept < SWEEP_LIMIT) return false;
    }
  }

  /** Gives back the places of challenges whose time has passed unnoticed. */
  #sweepExpired(account: string, now: Date): number {
    return this.#db.run(
      `UPDATE challenges SET counted = 0 WHERE row IN (
         SELECT row FROM challenges WHERE account = ? AND counted = 1
           AND expires_at IS NOT NULL AND expires_at <= ? LIMIT ${SWEEP_LIMIT})`,
      account,
      now,
    );
  }

  #recount(id: ChallengeId): void {
    this.#db.run(`UPDATE challenges SET counted = (${usesLeft}) WHERE id = ?`, id);
  }

  #insert(record: ChallengeRecord, { lasting = false } = {}): void {
    const { sql, params } = insertInto('challenges', {
      ...challengeColumns(record),
      counted: false,
      lasting,
    });
    this.#db.run(sql, ...params);
  }
}

function toRecord(row: Row | undefined): ChallengeRecord | undefined {
  return row && challengeFromRow(row);
}
