import { GatewayError, isGatewayError } from '../../errors/index.js';
import type { SharedStores, SharedView } from '../stores.js';
import type { Migration, Verification } from '../verification.js';
import { PostgresChallengeStore } from './challenge-store.js';
import { clientConfig, type PostgresConnection, type SessionSettings } from './connection.js';
import { PostgresDatabase } from './database.js';
import { PostgresEnrollmentStore } from './enrollment-store.js';
import { PostgresLeases } from './leases.js';
import { migrate, requireKnownSchema, type WhenEmpty } from './migration.js';
import { placeOf } from './place.js';
import { PostgresRetentionStore } from './retention-store.js';
import { PostgresSealedTexts } from './sealed-texts.js';
import { inspectServer } from './server.js';
import { PostgresSettingsStore } from './settings-store.js';
import { withSession } from './single-connection.js';
import { PostgresTallyStore } from './tally-store.js';
import { verifyDatabase } from './verify.js';

/** Idle connections stay so long: waves of devices come together. */
const IDLE_MS = 60_000;
/** Then a connection is made anew, so that a server that moved behind its name is found again. */
const LIFETIME_SECONDS = 3600;

export interface PostgresStoreOptions {
  readonly clock?: () => Date;
  /** What to do about a database without any table of the gateway; default: `found` it. */
  readonly whenEmpty?: WhenEmpty;
}

/**
 * Connects, brings the schema up to date, and opens the stores. Several gateways may do so at once.
 *
 * @throws GatewayError `store.unavailable` or `store.schema`
 */
export async function openPostgresStores(
  connection: PostgresConnection,
  { clock = () => new Date(), whenEmpty = 'found' }: PostgresStoreOptions = {},
): Promise<SharedStores> {
  const { synchronousCommit } = await prepare(connection, clock(), whenEmpty);
  // Never less than the disk of this server, and as much more as its administrator wants.
  const database = await openPool(connection, {
    synchronousCommit: synchronousCommit === 'off' ? 'on' : synchronousCommit,
  });
  return {
    challenges: new PostgresChallengeStore(database),
    enrollments: new PostgresEnrollmentStore(database),
    settings: new PostgresSettingsStore(database),
    retention: new PostgresRetentionStore(database),
    sealed: new PostgresSealedTexts(database),
    leases: new PostgresLeases(database),
    tallies: new PostgresTallyStore(database),
    place: () => database.session(placeOf),
    close: () => database.close(),
  };
}

/**
 * Brings the schema up to date and does nothing else. @throws GatewayError `store.unavailable` or
 * `store.schema`
 */
export async function migratePostgres(
  connection: PostgresConnection,
  now: Date,
): Promise<Migration> {
  return (await prepare(connection, now, 'found')).migration;
}

/**
 * Settings and sealed secrets to look at, without bringing the schema up to date.
 *
 * @throws GatewayError `store.unavailable`, or `store.schema` for that of another release
 */
export async function openPostgresView(connection: PostgresConnection): Promise<SharedView> {
  await named(connection, () => withSession(connection, requireKnownSchema));
  const database = await openPool(connection, {});
  const settings = new PostgresSettingsStore(database);
  return {
    get: (key) => settings.get(key),
    sealed: new PostgresSealedTexts(database),
    close: () => database.close(),
  };
}

/** @throws GatewayError `store.unavailable`, or `store.schema` for that of another release */
export function verifyPostgres(connection: PostgresConnection): Promise<Verification> {
  return named(connection, () => withSession(connection, verifyDatabase, 'one moment'));
}

function prepare(connection: PostgresConnection, now: Date, whenEmpty: WhenEmpty) {
  return named(connection, () =>
    withSession(connection, async (session) => {
      const { synchronousCommit } = await inspectServer(session);
      return { synchronousCommit, migration: await migrate(session, { now, whenEmpty }) };
    }),
  );
}

async function openPool(
  connection: PostgresConnection,
  settings: SessionSettings,
): Promise<PostgresDatabase> {
  const { Pool } = await import('pg');
  const pool = new Pool({
    ...clientConfig(connection, settings),
    max: connection.connections,
    idleTimeoutMillis: IDLE_MS,
    maxLifetimeSeconds: LIFETIME_SECONDS,
  });
  // An idle connection that the server ended is out of the pool by now; the next work makes another.
  pool.on('error', () => undefined);
  return new PostgresDatabase(pool);
}

/** At the start the administrator reads it, and no device: where the database was looked for, and what came. */
async function named<T>(
  { host, port, database }: PostgresConnection,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isGatewayError(error) || error.code !== 'store.unavailable') throw error;
    const { detail = error.message, mend, cause } = error;
    throw new GatewayError(
      error.code,
      `The PostgreSQL database ${database} on ${host}:${port} cannot be used: ${detail}`,
      { detail, cause, ...(mend !== undefined && { mend }) },
    );
  }
}
