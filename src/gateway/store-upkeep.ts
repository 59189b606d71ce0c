/** What an administrator does with the database as a whole: `scep-gateway store …`. */
import type { PostgresConfig, ResolvedConfig } from '../config/index.js';
import { GatewayError } from '../errors/index.js';
import type { Migration, Verification } from '../store/index.js';
import {
  backupSqlite,
  migratePostgres,
  migrateSqlite,
  restoreSqlite,
  verifyPostgres,
  verifySqlite,
} from '../store/upkeep/index.js';
import { wasStarted } from './data-view.js';
import { postgresConnection } from './postgres-connection.js';
import { recordsSinceKey } from './records-since.js';
import { databaseFile } from './stores.js';

type StoreOptions = Pick<ResolvedConfig, 'config' | 'readSecret'>;

/**
 * Brings the schema up to date. An empty PostgreSQL database gets its tables; a file is made by the first
 * start only, or a lost one would not be noticed.
 * @throws GatewayError `store.*`, or `cli.not-found` where there is no file
 */
export async function migrateStore(
  { config, readSecret }: StoreOptions,
  now: Date,
): Promise<Migration> {
  const { store } = config.data;
  if (store.kind === 'postgres')
    return migratePostgres(await postgresConnection(store, readSecret), now);
  await requireFile({ config, readSecret });
  return migrateSqlite(databaseFile(config), now);
}

/** Reads everything, changes nothing. @throws GatewayError `store.*`, or `cli.not-found` */
export async function verifyStore({ config, readSecret }: StoreOptions): Promise<Verification> {
  const { store } = config.data;
  if (store.kind === 'postgres') return verifyPostgres(await postgresConnection(store, readSecret));
  await requireFile({ config, readSecret });
  return verifySqlite(databaseFile(config));
}

/** @throws GatewayError `store.*`, `cli.not-found`, or `cli.usage` where another program does it */
export async function backupStore(
  { config, readSecret }: StoreOptions,
  target: string,
): Promise<void> {
  const { store } = config.data;
  if (store.kind === 'postgres')
    throw ownTools(`pg_dump --format=custom ${addressed(store)} --file=${quoted(target)}`);
  await requireFile({ config, readSecret });
  await backupSqlite(databaseFile(config), target);
}

/**
 * @returns where the database that was replaced is now
 * @throws GatewayError `store.*`, or `cli.usage` where another program does it
 */
export async function restoreStore(
  { config }: StoreOptions,
  source: string,
  now: Date,
): Promise<string | undefined> {
  const { store } = config.data;
  if (store.kind === 'postgres') {
    const how = 'pg_restore --clean --if-exists --no-owner --single-transaction';
    throw ownTools(`${how} ${addressed(store)} ${quoted(source)}`);
  }
  return restoreSqlite(databaseFile(config), source, { now, forgotten: [recordsSinceKey] });
}

/** @throws GatewayError `cli.not-found` before the first start */
export async function requireFile(options: StoreOptions): Promise<void> {
  if (await wasStarted(options)) return;
  const { config } = options;
  throw new GatewayError('cli.not-found', `There is no database in ${config.data.directory}.`, {
    mend: 'Check SCEP_GATEWAY_DATA_DIR and data.directory; the first start makes the database.',
  });
}

function ownTools(command: string): GatewayError {
  return new GatewayError('cli.usage', 'Records are in PostgreSQL, which has tools of its own.', {
    mend: `Use: ${command}`,
  });
}

function addressed({ host, port, user, database }: PostgresConfig): string {
  return `--host=${quoted(host)} --port=${port} --username=${quoted(user)} --dbname=${quoted(database)}`;
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return /^[A-Za-z0-9._/:@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
