import { Row } from '../sql/row.js';
import { countedTables, invariants } from '../sql/invariants.js';
import { countedCheck, type Verification, type VerifiedCheck } from '../verification.js';
import type { SqliteDriver } from './driver.js';
import { requireKnownSchema } from './migration.js';
import { openToRead } from './read-only.js';
import { schemaSteps } from './schema.js';
import { sqliteError } from './sqlite-error.js';

/**
 * Reads the whole database at `path`: every page, every reference, and what holds between the tables.
 *
 * @throws GatewayError `store.unavailable`, `store.damaged`, or `store.schema` for that of another release
 */
export async function verifySqlite(path: string): Promise<Verification> {
  try {
    const driver = await openToRead(path);
    try {
      requireKnownSchema(driver);
      return verify(driver);
    } finally {
      driver.close();
    }
  } catch (error) {
    throw sqliteError(error);
  }
}

function verify(driver: SqliteDriver): Verification {
  // One moment for all of them, beside a gateway that writes.
  driver.exec('BEGIN');
  const one = (sql: string) => new Row(driver.prepare(sql).get() ?? {});
  return {
    engine: `SQLite ${one('SELECT sqlite_version() AS version').text('version')}`,
    schema: schemaSteps.length,
    records: Object.fromEntries(
      countedTables.map((table) => [table, one(`SELECT count(*) AS n FROM ${table}`).integer('n')]),
    ),
    checks: [
      integrity(driver),
      countedCheck(
        'references lead to records',
        driver.prepare('PRAGMA foreign_key_check').all().length,
      ),
      ...invariants('row').map(({ name, sql }) => countedCheck(name, one(sql).integer('n'))),
      countedCheck('quotas are what the challenges say', one(wrongQuotas).integer('n')),
    ],
  };
}

/** Pages, indexes and constraints, as SQLite itself sees them. */
export function integrity(driver: SqliteDriver): VerifiedCheck {
  const lines = driver
    .prepare('PRAGMA integrity_check(5)')
    .all()
    .map((columns) => new Row(columns).text('integrity_check'));
  const isSound = lines.length === 1 && lines[0] === 'ok';
  return { name: 'pages and indexes are sound', fault: isSound ? undefined : lines.join('; ') };
}

const wrongQuotas = `SELECT count(*) AS n FROM challenge_quotas WHERE open <> (
  SELECT count(*) FROM challenges WHERE counted = 1 AND account = challenge_quotas.account)`;
