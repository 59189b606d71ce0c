import { access, constants, stat } from 'node:fs/promises';
import type { PostgresConfig, ResolvedConfig } from '../config/index.js';
import { GatewayError } from '../errors/index.js';
import { FileKeyStore, generatedPassphrase, type SealedKeyStore } from '../keys/index.js';
import type { SettingsReader } from '../store/index.js';
import { databaseKeys } from './database-keys.js';
import { databaseFile, sharedPassphrase, viewSettings, viewShared } from './stores.js';

/** A data directory to look at, beside a gateway that runs or without one. */
export interface DataView {
  readonly keys: SealedKeyStore;
  readonly settings: SettingsReader;
}

type StoreOptions = Pick<ResolvedConfig, 'config' | 'readSecret'>;

/**
 * Opens what is there and makes nothing. Undefined before the first start.
 * @throws GatewayError `config.unreadable`, `keys.*`, `store.*`
 */
export async function viewDataDirectory(options: StoreOptions): Promise<DataView | undefined> {
  const { directory, passphrase, store, keys: place } = options.config.data;
  if (store.kind === 'postgres' && place.kind === 'database') return viewDatabase(options, store);
  const found = await stat(directory).catch(() => undefined);
  if (found === undefined) return undefined;
  await access(directory, constants.R_OK | constants.W_OK | constants.X_OK).catch(
    (cause: unknown) => {
      throw new GatewayError(
        'config.unreadable',
        `The data directory ${directory} cannot be used.`,
        {
          mend: 'Make it readable and writable for the user of the gateway, and run this as that user.',
          cause,
        },
      );
    },
  );
  const secret = passphrase
    ? await options.readSecret(passphrase)
    : await generatedPassphrase(directory);
  if (!(await wasStarted(options))) return undefined;
  if (secret === undefined) {
    throw new GatewayError('keys.passphrase', `The passphrase in ${directory} is missing.`, {
      mend: 'Restore the file `passphrase` from a backup, or set `data.passphrase`.',
    });
  }
  const keys = new FileKeyStore(directory, secret);
  return { keys, settings: await viewSettings(options) };
}

/**
 * A first start makes the database, or where that is elsewhere, keys.
 * @throws GatewayError `store.*` where a database has to be asked
 */
export async function wasStarted(options: StoreOptions): Promise<boolean> {
  const { directory, store, keys } = options.config.data;
  if (store.kind === 'postgres' && keys.kind === 'database') {
    const view = await viewDatabase(options, store);
    await view?.settings.close();
    return view !== undefined;
  }
  if (store.kind === 'postgres') return new FileKeyStore(directory, '').holdsKeys();
  return stat(databaseFile(options.config)).then(
    () => true,
    () => false,
  );
}

/** Undefined for a database without keys. */
async function viewDatabase(
  options: StoreOptions,
  store: PostgresConfig,
): Promise<DataView | undefined> {
  const view = await viewShared(options, store);
  try {
    const keys = databaseKeys(view.sealed, await sharedPassphrase(options));
    if (await keys.holdsKeys()) return { keys, settings: view };
  } catch (error) {
    await view.close();
    throw error;
  }
  await view.close();
  return undefined;
}
