import { access, constants, stat } from 'node:fs/promises';
import type { ResolvedConfig } from '../config/index.js';
import { GatewayError } from '../errors/index.js';
import { FileKeyStore, generatedPassphrase } from '../keys/index.js';
import type { SettingsReader } from '../store/index.js';
import { databaseFile, viewSettings } from './stores.js';

/** A data directory to look at, beside a gateway that runs or without one. */
export interface DataView {
  readonly keys: Pick<FileKeyStore, 'load'>;
  readonly settings: SettingsReader;
}

/**
 * Opens what is there and makes nothing. Undefined before the first start.
 * @throws GatewayError `config.unreadable`, `keys.*`, `store.*`
 */
export async function viewDataDirectory({
  config,
  readSecret,
}: Pick<ResolvedConfig, 'config' | 'readSecret'>): Promise<DataView | undefined> {
  const { directory, passphrase } = config.data;
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
  const secret = passphrase ? await readSecret(passphrase) : await generatedPassphrase(directory);
  if (!(await wasStarted(config))) return undefined;
  if (secret === undefined) {
    throw new GatewayError('keys.passphrase', `The passphrase in ${directory} is missing.`, {
      mend: 'Restore the file `passphrase` from a backup, or set `data.passphrase`.',
    });
  }
  const keys = new FileKeyStore(directory, secret);
  return { keys, settings: await viewSettings({ config, readSecret }) };
}

/** A first start makes the database, or where that is elsewhere, keys. */
export async function wasStarted(config: ResolvedConfig['config']): Promise<boolean> {
  const { directory, store } = config.data;
  if (store.kind !== 'sqlite') return new FileKeyStore(directory, '').holdsKeys();
  return stat(databaseFile(config)).then(
    () => true,
    () => false,
  );
}
