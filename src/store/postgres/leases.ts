import type { Lease, Leases } from '../leases.js';
import type { PostgresDatabase } from './database.js';
import { databaseMillis } from './database-clock.js';

export class PostgresLeases implements Leases {
  readonly #db: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#db = database;
  }

  /** Whoever has to wait for the row finds it as the one before left it. */
  async take(name: string, holder: string, millis: number): Promise<Lease> {
    const askedAt = Date.now();
    const row = await this.#db.session(
      async (session) =>
        (await session.get(
          `INSERT INTO leases AS held (name, holder, term, since, until)
           VALUES (?, ?, 1, ${databaseMillis}, ${databaseMillis} + ?)
           ON CONFLICT (name) DO UPDATE SET holder = excluded.holder,
             term = held.term + CASE WHEN held.holder = excluded.holder THEN 0 ELSE 1 END,
             since = CASE WHEN held.holder = excluded.holder THEN held.since ELSE excluded.since END,
             until = ${databaseMillis} + ?
           WHERE held.holder = excluded.holder OR held.until <= ${databaseMillis}
           RETURNING holder, term, until, ${databaseMillis} AS now`,
          name,
          holder,
          millis,
          millis,
        )) ??
        session.one(
          `SELECT holder, term, until, ${databaseMillis} AS now FROM leases WHERE name = ?`,
          name,
        ),
    );
    const now = row.integer('now');
    return {
      isHeld: row.text('holder') === holder,
      holder: row.text('holder'),
      term: row.integer('term'),
      millisLeft: row.integer('until') - now,
      clockAheadMillis: Math.min(0, now - askedAt) + Math.max(0, now - Date.now()),
    };
  }

  async release(name: string, holder: string): Promise<void> {
    await this.#db.session((session) =>
      session.run('UPDATE leases SET until = 0 WHERE name = ? AND holder = ?', name, holder),
    );
  }
}
