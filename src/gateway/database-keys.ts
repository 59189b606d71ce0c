/** Keys in the database: several gateways have the same, and what one makes the others find. */
import { createHash } from 'node:crypto';
import { GatewayError } from '../errors/index.js';
import {
  holdsKeys,
  sealFile,
  SealedKeyStore,
  type ScryptCost,
  type SecretShelf,
  type SecretSource,
} from '../keys/index.js';
import type { SealedTexts, SettingsStore, SharedStores } from '../store/index.js';

/** @param passphrase that opens them; every gateway has the same */
export function databaseKeys(
  sealed: SealedTexts,
  passphrase: string,
  cost?: ScryptCost,
): SealedKeyStore {
  return new SealedKeyStore(databaseShelf(sealed), passphrase, cost);
}

function databaseShelf(sealed: SealedTexts): SecretShelf {
  return {
    place: 'the keys in the database',
    locate: (name) => `${name} in the database`,
    mend: 'Restore the database from a backup.',
    names: () => sealed.names(),
    read: (name) => sealed.read(name),
    create: (name, text) => sealed.create(name, text),
  };
}

/**
 * Copies the sealed keys of a data directory into a database that has none, as they are: the same
 * passphrase opens them there. What a start that was cut short left is gone over again.
 *
 * @throws GatewayError `store.schema` before anything is written, where the database had or awaits other
 *   keys: a gateway without them that starts first must not make its own
 */
export async function takeUpKeys(
  { directory, passphrase }: { readonly directory: SecretShelf; readonly passphrase: string },
  { sealed, settings }: Pick<SharedStores, 'sealed' | 'settings'>,
): Promise<void> {
  const seal = await directory.read(sealFile);
  const there = await sealed.read(sealFile);
  const names = await directory.names();
  if (there !== undefined) {
    if (seal !== undefined && seal !== there && holdsKeys(names)) throw foreignKeys();
    return;
  }
  if (seal === undefined) {
    if ((await settings.get(ownerKey)) !== undefined) throw foreignKeys();
    return;
  }
  await requireOwnKeys(settings, new SealedKeyStore(directory, passphrase));
  for (const name of names) {
    const text = name.startsWith('.') || name === sealFile ? undefined : await directory.read(name);
    if (text !== undefined) await sealed.create(name, text);
  }
  await sealed.create(sealFile, seal);
}

/**
 * Challenges are kept as hashes under a key of the installation, requests are sealed with another: a
 * gateway with other keys would take every challenge for a wrong one, and found a second CA beside the
 * first. Who comes first writes down whose the database is.
 */
export async function requireOwnKeys(
  settings: Pick<SettingsStore, 'get' | 'swap'>,
  keys: SecretSource,
): Promise<void> {
  const own = await ownerOf(keys);
  const written =
    (await settings.get(ownerKey)) ??
    ((await settings.swap(ownerKey, undefined, own)) ? own : await settings.get(ownerKey));
  if (written === own) return;
  throw foreignKeys();
}

/** Names who has these keys, and gives nothing of them away. */
export async function ownerOf(keys: SecretSource): Promise<string> {
  return createHash('sha256')
    .update(await keys.deriveSecret('database'))
    .digest('hex');
}

function foreignKeys(): GatewayError {
  return new GatewayError('store.schema', 'The database belongs to a gateway with other keys.', {
    mend: 'Let every gateway of one database have the same keys (data.keys: { kind: database } and one passphrase, or one data directory), or point this one at a database of its own. Keys of a data directory move into the database when the gateway that has them starts first.',
  });
}

/** Of the setting that names whose the database is. */
export const ownerKey = 'store.owner';
