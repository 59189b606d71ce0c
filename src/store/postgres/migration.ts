import { GatewayError } from '../../errors/index.js';
import { newerSchema, olderSchema } from '../sql/schema-version.js';
import type { Migration } from '../verification.js';
import { schemaSteps } from './schema.js';
import type { Session } from './session.js';

/** Of pg_advisory_xact_lock: any number that other programs on the database do not use. */
const MIGRATION_LOCK = 0x73636570;

/** Names its own schema, as the database may hold those of others beside it. */
const versions = 'scep_gateway_versions';

/** What to do about a database without any table of the gateway. */
export type WhenEmpty = 'found' | 'refuse';

export interface MigrationOptions {
  readonly now: Date;
  readonly whenEmpty: WhenEmpty;
}

/**
 * Brings the database to the schema of this release, forward only, inside a transaction. Gateways that
 * start together wait for each other at an advisory lock; one that finds everything done takes none.
 *
 * @throws GatewayError `store.schema` when it is newer than this release, not the gateway's, or empty
 *   where that was to be refused
 */
export async function migrate(
  session: Session,
  { now, whenEmpty }: MigrationOptions,
): Promise<Migration> {
  const before = await schemaVersion(session);
  if (before === schemaSteps.length) return { from: before, to: before };
  await lockSchema(session);
  const from = await schemaVersion(session);
  if (from > schemaSteps.length) throw newerSchema(from, schemaSteps.length);
  if (from === 0) {
    if (whenEmpty === 'refuse') throw emptyDatabase();
    await requireNoStrangers(session);
    await session.script(
      `CREATE TABLE ${versions} (version BIGINT PRIMARY KEY, applied_at BIGINT NOT NULL)`,
    );
  }
  for (const [index, step] of schemaSteps.entries()) {
    if (index < from) continue;
    await session.script(step);
    await session.run(
      `INSERT INTO ${versions} (version, applied_at) VALUES (?, ?)`,
      index + 1,
      now,
    );
  }
  return { from, to: schemaSteps.length };
}

/**
 * Until the end of the transaction nobody else changes the schema. Another may build indexes for minutes; the
 * tables, that gateways at work write to, are not waited for so long.
 */
export async function lockSchema(session: Session): Promise<void> {
  await session.script(
    `SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(${MIGRATION_LOCK}); SET LOCAL lock_timeout TO DEFAULT`,
  );
}

/** For who only looks. @throws GatewayError `store.schema` for a database of another release, or none */
export async function requireKnownSchema(session: Session): Promise<void> {
  const found = await schemaVersion(session);
  if (found === 0) throw noTables();
  if (found > schemaSteps.length) throw newerSchema(found, schemaSteps.length);
  if (found < schemaSteps.length) throw olderSchema(found, schemaSteps.length);
}

/** 0 where the gateway has no tables. */
async function schemaVersion(session: Session): Promise<number> {
  // Not to_regclass: after the wait for another's migration it would still remember that there was none.
  const found = await session.get(
    'SELECT 1 AS n FROM pg_class WHERE relname = ? AND pg_table_is_visible(oid)',
    versions,
  );
  if (!found) return 0;
  return (await session.one(`SELECT coalesce(max(version), 0) AS n FROM ${versions}`)).integer('n');
}

/** Among tables of something else ours could be taken for theirs, or theirs for ours. */
async function requireNoStrangers(session: Session): Promise<void> {
  const { length } = await session.all(
    `SELECT 1 FROM pg_class WHERE relnamespace = current_schema()::regnamespace
       AND relkind IN ('r', 'p') LIMIT 1`,
  );
  if (length === 0) return;
  throw new GatewayError('store.schema', 'The database holds tables of something else.', {
    mend: 'Give the gateway a database of its own, or a schema of its own: ALTER ROLE … SET search_path.',
  });
}

function emptyDatabase(): GatewayError {
  return new GatewayError(
    'store.schema',
    'The database is empty, but there are keys of a CA in the data directory.',
    {
      mend: 'Look at data.store.database, or restore the database from a backup. To begin with an empty one, knowing that issued certificates, revocations and spent challenges are forgotten: `scep-gateway store migrate`.',
    },
  );
}

function noTables(): GatewayError {
  return new GatewayError('store.schema', 'The database holds no tables of the gateway yet.', {
    mend: 'Look at data.store.database. The first start makes them, or `scep-gateway store migrate`.',
  });
}
