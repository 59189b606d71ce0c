/** `scep-gateway store copy`: from one gateway on a file to several on a database. */
import { join } from 'node:path';
import type { PostgresConfig, ResolvedConfig } from '../config/index.js';
import { GatewayError } from '../errors/index.js';
import { DirectoryShelf, SealedKeyStore, sealFile } from '../keys/index.js';
import { copySqliteToPostgres, type Copied } from '../store/upkeep/index.js';
import { ownerKey, ownerOf } from './database-keys.js';
import { postgresConnection } from './postgres-connection.js';
import { requireFile } from './store-upkeep.js';
import { databaseFile, fileKeys, sharedPassphrase } from './stores.js';

type StoreOptions = Pick<ResolvedConfig, 'config' | 'readSecret'>;

export interface StoreCopy {
  /** The file. */
  readonly from: string;
  /** The database, as people name it. */
  readonly to: string;
  readonly records: Copied;
  /** What is left to know or to do, as sentences. */
  readonly notes: readonly string[];
}

/**
 * Copies the file that one configuration names into the database of another, with which gateways are then
 * started. Keys are not copied: they are looked at, and must be those that the gateways will have.
 *
 * @throws GatewayError `cli.usage` for another pair of stores, `cli.not-found` before the first start, `keys.*`,
 *   `store.*`
 */
export async function copyStore(
  source: StoreOptions,
  target: StoreOptions,
  options: {
    readonly now: Date;
    readonly progress: (copied: number, all: number) => void;
  },
): Promise<StoreCopy> {
  const { store } = target.config.data;
  if (source.config.data.store.kind !== 'sqlite' || store.kind !== 'postgres')
    throw new GatewayError('cli.usage', 'Records are copied from a file into PostgreSQL only.', {
      mend: 'Let SCEP_GATEWAY_CONFIG name the configuration with the file (SQLite), and --to the one with the PostgreSQL database.',
    });
  await requireFile(source);
  const owner = await requireSameKeys(source, target);
  const file = databaseFile(source.config);
  const records = await copySqliteToPostgres(
    file,
    await postgresConnection(store, target.readSecret),
    { ...options, settings: { [ownerKey]: owner } },
  );
  return { from: file, to: databaseName(store), records, notes: notesOn(source, target, file) };
}

/** Challenges and requests are of no use to gateways with other keys. @returns who owns the keys */
async function requireSameKeys(source: StoreOptions, target: StoreOptions): Promise<string> {
  const shelf = shelfOf(source);
  if (!(await isSealed(shelf)))
    throw new GatewayError('cli.not-found', `There are no keys in ${shelfPath(source)}.`, {
      mend: 'Run this where the data directory of the gateway is, with its keys.',
    });
  const owner = await ownerOf(await fileKeys(source));
  if ((await ownerOf(await keysOfTarget(target, shelf))) === owner) return owner;
  throw new GatewayError(
    'store.schema',
    `The keys in ${shelfPath(target)} are not those of the file.`,
    { mend: 'Copy the folder `keys` (and the file `passphrase`) of the gateway there.' },
  );
}

async function keysOfTarget(target: StoreOptions, source: DirectoryShelf): Promise<SealedKeyStore> {
  // The first start takes them up from the data directory.
  if (target.config.data.keys.kind === 'database')
    return new SealedKeyStore(source, await sharedPassphrase(target));
  if (await isSealed(shelfOf(target))) return fileKeys(target);
  throw new GatewayError('keys.unreadable', `There are no keys in ${shelfPath(target)}.`, {
    mend: 'Copy the folder `keys` (and the file `passphrase`) of the gateway there, or let the new configuration have data.keys: { kind: database }.',
  });
}

async function isSealed(shelf: DirectoryShelf): Promise<boolean> {
  return (await shelf.read(sealFile)) !== undefined;
}

function shelfOf(options: StoreOptions): DirectoryShelf {
  return new DirectoryShelf(shelfPath(options));
}

function shelfPath({ config }: StoreOptions): string {
  return join(config.data.directory, 'keys');
}

function notesOn(source: StoreOptions, target: StoreOptions, file: string): readonly string[] {
  const { keys, challengeStore, directory } = target.config.data;
  return [
    keys.kind === 'database'
      ? `Keys are not copied yet: the first gateway that starts with the new configuration and the data directory ${source.config.data.directory} puts them into the database. Start it before the others.`
      : `Keys stay files in ${directory}: every gateway needs them.`,
    ...challengeNotes(source.config.data.challengeStore, challengeStore),
    `${file} is as it was. Start no gateway with it any more: what was spent here would be open there.`,
  ];
}

type ChallengeStoreKind = ResolvedConfig['config']['data']['challengeStore'];

/** Challenges that are elsewhere than in the database are not copied. */
function challengeNotes(before: ChallengeStoreKind, after: ChallengeStoreKind): readonly string[] {
  if (before === 'memory') return ['Challenges were in memory, and are not copied.'];
  if (before === 'redis')
    return [
      after === 'redis'
        ? 'Challenges stay on the Redis server.'
        : 'Challenges are on the Redis server and are not copied: those that are open will be unknown.',
    ];
  return after === 'redis' || after === 'memory'
    ? [
        `Challenges are copied, but the new configuration keeps them elsewhere (challengeStore: ${after}): those that are open will be unknown.`,
      ]
    : [];
}

function databaseName({ host, port, database }: PostgresConfig): string {
  return `PostgreSQL database ${database} on ${host}:${port}`;
}
