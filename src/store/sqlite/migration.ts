import { GatewayError } from '../../errors/index.js';
import { Row } from '../sql/row.js';
import { newerSchema, olderSchema } from '../sql/schema-version.js';
import type { Migration } from '../verification.js';
import { rollBack, type SqliteDriver } from './driver.js';
import { schemaSteps } from './schema.js';

/**
 * Brings the database to the schema of this release, forward only. The write lock of BEGIN IMMEDIATE
 * makes processes that open a fresh file together wait for each other.
 *
 * @throws GatewayError `store.schema` when the file is newer than this release, or not the gateway's
 */
export function migrate(driver: SqliteDriver, now: Date): Migration {
  driver.exec('BEGIN IMMEDIATE');
  try {
    const found = schemaVersion(driver);
    if (found > schemaSteps.length) throw newerSchema(found, schemaSteps.length);
    for (const [index, step] of schemaSteps.entries()) {
      if (index < found) continue;
      driver.exec(step);
      driver
        .prepare('INSERT INTO schema_versions (version, applied_at) VALUES (?, ?)')
        .run(index + 1, now.getTime());
    }
    driver.exec('COMMIT');
    return { from: found, to: schemaSteps.length };
  } catch (error) {
    rollBack(driver);
    throw error;
  }
}

/** For a copy that may come from an earlier release. @throws GatewayError `store.schema` */
export function requireReadableSchema(driver: SqliteDriver): void {
  if (!hasTable(driver)) throw foreignDatabase();
  const found = appliedVersion(driver);
  if (found > schemaSteps.length) throw newerSchema(found, schemaSteps.length);
}

/** For who only looks. @throws GatewayError `store.schema` for a database of another release */
export function requireKnownSchema(driver: SqliteDriver): void {
  requireReadableSchema(driver);
  const found = appliedVersion(driver);
  if (found < schemaSteps.length) throw olderSchema(found, schemaSteps.length);
}

function schemaVersion(driver: SqliteDriver): number {
  if (!hasTable(driver)) {
    if (!isEmpty(driver)) throw foreignDatabase();
    driver.exec(
      'CREATE TABLE schema_versions (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL)',
    );
  }
  return appliedVersion(driver);
}

function appliedVersion(driver: SqliteDriver): number {
  return integer(driver, 'SELECT coalesce(max(version), 0) AS n FROM schema_versions');
}

function hasTable(driver: SqliteDriver): boolean {
  return (
    integer(driver, "SELECT count(*) AS n FROM sqlite_schema WHERE name = 'schema_versions'") > 0
  );
}

function isEmpty(driver: SqliteDriver): boolean {
  return integer(driver, 'SELECT count(*) AS n FROM sqlite_schema') === 0;
}

function integer(driver: SqliteDriver, sql: string): number {
  return new Row(driver.prepare(sql).get() ?? {}).integer('n');
}

function foreignDatabase(): GatewayError {
  return new GatewayError('store.schema', 'The database was not made by scep-gateway.', {
    mend: 'Point the gateway at its own data directory.',
  });
}
