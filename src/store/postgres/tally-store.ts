import type { Row } from '../sql/row.js';
import type { Tally, TallyOrder, TallyStore } from '../tally-store.js';
import { databaseMillis } from './database-clock.js';
import type { PostgresDatabase } from './database.js';

const left = `ends_at - ${databaseMillis} AS millis_left`;

export class PostgresTallyStore implements TallyStore {
  readonly #db: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#db = database;
  }

  /** In the order of the keys: two gateways never wait for each other crosswise. */
  async add(orders: readonly TallyOrder[]): Promise<readonly Tally[]> {
    if (orders.length === 0) return [];
    const rows = await this.#db.session((session) =>
      session.all(
        `INSERT INTO tallies AS kept (key, used, ends_at, changed_at)
         SELECT given.key, given.by, ${databaseMillis} + given.millis, ${databaseMillis}
         FROM unnest(?::text[], ?::bigint[], ?::bigint[]) AS given (key, by, millis)
         ORDER BY given.key COLLATE "C"
         ON CONFLICT (key) DO UPDATE SET
           used = CASE WHEN kept.ends_at <= excluded.changed_at THEN 0 ELSE kept.used END + excluded.used,
           ends_at = CASE WHEN kept.ends_at <= excluded.changed_at OR kept.key = ANY (?::text[])
             THEN excluded.ends_at ELSE kept.ends_at END,
           changed_at = excluded.changed_at
         RETURNING key, used, ${left}`,
        orders.map(({ key }) => key),
        orders.map(({ by }) => by),
        orders.map(({ windowMillis }) => windowMillis),
        orders.flatMap(({ key, restarts }) => (restarts ? [key] : [])),
      ),
    );
    return rows.map(tallyFromRow);
  }

  async changed(millis: number, limit: number): Promise<readonly Tally[]> {
    const rows = await this.#db.session((session) =>
      session.all(
        `SELECT key, used, ${left} FROM tallies
         WHERE changed_at > ${databaseMillis} - ? AND ends_at > ${databaseMillis}
         ORDER BY used DESC LIMIT ?`,
        millis,
        limit,
      ),
    );
    return rows.map(tallyFromRow);
  }

  async prune(): Promise<void> {
    await this.#db.session((session) =>
      session.run(`DELETE FROM tallies WHERE ends_at <= ${databaseMillis}`),
    );
  }
}

function tallyFromRow(row: Row): Tally {
  return {
    key: row.text('key'),
    used: row.integer('used'),
    millisLeft: row.integer('millis_left'),
  };
}
