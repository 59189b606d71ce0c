import { join } from 'node:path';
import type { PostgresConfig, ResolvedConfig } from '../config/index.js';
import { GatewayError } from '../errors/index.js';
import {
  DirectoryShelf,
  ensureGeneratedPassphrase,
  FileKeyStore,
  generatedPassphraseCost,
  holdsKeys,
  type SealedKeyStore,
  type SecretShelf,
} from '../keys/index.js';
import {
  openSettingsReader,
  openSqliteStores,
  type SettingsReader,
  type SharedStores,
  type SharedView,
  type Stores,
} from '../store/index.js';
import { databaseKeys, requireOwnKeys, takeUpKeys } from './database-keys.js';
import { requireNoLostDatabase } from './lost-database.js';
import { postgresConnection } from './postgres-connection.js';
import { inTurn, nodeName, type SharedDatabase } from './shared-database.js';

type StoreOptions = Pick<ResolvedConfig, 'config' | 'readSecret'>;

/** What an installation stands on. */
export interface Foundation {
  readonly stores: Stores;
  readonly keys: SealedKeyStore;
  /** Undefined where the records are a file. */
  readonly shared: SharedDatabase | undefined;
}

/** The database of a data directory whose records are in a file. */
export function databaseFile({ data }: ResolvedConfig['config']): string {
  return join(data.directory, 'gateway.db');
}

/**
 * The stores of `data.store` and the keys they belong to, and no other.
 * @throws GatewayError `keys.*`, `store.*`, or `config.unreadable` for a file of its TLS
 */
export async function openFoundation(
  options: StoreOptions,
  clock: () => Date,
): Promise<Foundation> {
  const { store, keys: place } = options.config.data;
  if (store.kind === 'postgres' && place.kind === 'database')
    return openShared(options, store, clock);
  const keys = await fileKeys(options);
  // Before a database is made: a wrong passphrase shows here.
  await keys.deriveSecret('database');
  if (store.kind === 'postgres') return openShared(options, store, clock, keys);
  const file = databaseFile(options.config);
  await requireNoLostDatabase(file, keys);
  return { stores: await openSqliteStores(file, { clock }), keys, shared: undefined };
}

/** Settings to look at. @throws GatewayError as `openFoundation`, and `store.schema` for that of another release */
export async function viewSettings(options: StoreOptions): Promise<SettingsReader> {
  const { store } = options.config.data;
  return store.kind === 'sqlite'
    ? openSettingsReader(databaseFile(options.config))
    : viewShared(options, store);
}

export async function viewShared(
  { readSecret }: StoreOptions,
  store: PostgresConfig,
): Promise<SharedView> {
  const { openPostgresView } = await import('../store/postgres/index.js');
  return openPostgresView(await postgresConnection(store, readSecret));
}

/** Of keys in the database. @throws GatewayError `keys.passphrase` where none is configured */
export async function sharedPassphrase({ config, readSecret }: StoreOptions): Promise<string> {
  const { passphrase } = config.data;
  if (passphrase) return readSecret(passphrase);
  throw new GatewayError('keys.passphrase', 'Keys in the database need data.passphrase.');
}

/** @param files keys of the data directory, where they are not in the database */
async function openShared(
  options: StoreOptions,
  store: PostgresConfig,
  clock: () => Date,
  files?: SealedKeyStore,
): Promise<Foundation> {
  const { openPostgresStores } = await import('../store/postgres/index.js');
  const { directory } = options.config.data;
  // Keys that will be moved count, too: a CA that had a database must not begin anew on an empty one.
  const held = new DirectoryShelf(join(directory, 'keys'));
  const stores = await openPostgresStores(await postgresConnection(store, options.readSecret), {
    clock,
    whenEmpty: holdsKeys(await held.names()) ? 'refuse' : 'found',
  });
  try {
    const { leases, tallies, settings, place } = stores;
    const shared: SharedDatabase = { leases, tallies, place, node: nodeName() };
    const keys = await inTurn(shared, 'keys', async () => {
      const own = files ?? (await movedKeys(held, stores, await sharedPassphrase(options)));
      await requireOwnKeys(settings, own);
      return own;
    });
    return { stores, keys, shared };
  } catch (error) {
    await stores.close();
    throw error;
  }
}

async function movedKeys(
  directory: SecretShelf,
  stores: SharedStores,
  passphrase: string,
): Promise<SealedKeyStore> {
  await takeUpKeys({ directory, passphrase }, stores);
  return databaseKeys(stores.sealed, passphrase);
}

/** Of the data directory. @throws GatewayError `keys.*` */
export async function fileKeys({ config, readSecret }: StoreOptions): Promise<SealedKeyStore> {
  const { directory, passphrase } = config.data;
  if (passphrase) return new FileKeyStore(directory, await readSecret(passphrase));
  return new FileKeyStore(
    directory,
    await ensureGeneratedPassphrase(directory),
    generatedPassphraseCost,
  );
}
