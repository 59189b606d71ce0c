import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { ResolvedConfig } from '../config/index.js';
import { GatewayError } from '../errors/index.js';
import type { FileKeyStore } from '../keys/index.js';
import {
  openPostgresSettings,
  openPostgresStores,
  openSettingsReader,
  openSqliteStores,
  type SettingsReader,
  type SettingsStore,
  type Stores,
} from '../store/index.js';
import { requireNoLostDatabase } from './lost-database.js';
import { postgresConnection } from './postgres-connection.js';

type StoreOptions = Pick<ResolvedConfig, 'config' | 'readSecret'>;

/** The database of a data directory whose records are in a file. */
export function databaseFile({ data }: ResolvedConfig['config']): string {
  return join(data.directory, 'gateway.db');
}

/**
 * The stores of `data.store`, of this data directory and no other.
 * @throws GatewayError `store.*`, or `config.unreadable` for a file of its TLS
 */
export async function openStores(
  { config, readSecret }: StoreOptions,
  keys: FileKeyStore,
  clock: () => Date,
): Promise<Stores> {
  const { store } = config.data;
  if (store.kind === 'sqlite') {
    const file = databaseFile(config);
    await requireNoLostDatabase(file, keys);
    return openSqliteStores(file, { clock });
  }
  const stores = await openPostgresStores(await postgresConnection(store, readSecret), {
    clock,
    whenEmpty: (await keys.holdsKeys()) ? 'refuse' : 'found',
  });
  try {
    await requireOwnKeys(stores.settings, keys);
    return stores;
  } catch (error) {
    await stores.close();
    throw error;
  }
}

/** Settings to look at. @throws GatewayError as `openStores`, and `store.schema` for that of another release */
export async function viewSettings({ config, readSecret }: StoreOptions): Promise<SettingsReader> {
  const { store } = config.data;
  return store.kind === 'sqlite'
    ? openSettingsReader(databaseFile(config))
    : openPostgresSettings(await postgresConnection(store, readSecret));
}

/**
 * Challenges are kept as hashes under a key of the data directory, requests are sealed with another: a
 * gateway with other keys would take every challenge for a wrong one, and found a second CA beside the
 * first. Who comes first writes down whose the database is.
 */
async function requireOwnKeys(
  settings: Pick<SettingsStore, 'get' | 'swap'>,
  keys: FileKeyStore,
): Promise<void> {
  const own = createHash('sha256')
    .update(await keys.deriveSecret('database'))
    .digest('hex');
  const written =
    (await settings.get(ownerKey)) ??
    ((await settings.swap(ownerKey, undefined, own)) ? own : await settings.get(ownerKey));
  if (written === own) return;
  throw new GatewayError('store.schema', 'The database belongs to a gateway with other keys.', {
    mend: 'Give every gateway of one database the same data directory (keys and passphrase), or point this one at a database of its own.',
  });
}

const ownerKey = 'store.owner';
