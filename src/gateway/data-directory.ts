import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createChallenges, type Challenges } from '../challenge/index.js';
import type { ResolvedConfig } from '../config/index.js';
import { GatewayError } from '../errors/index.js';
import type { SealedKeyStore } from '../keys/index.js';
import type {
  ChallengeServer,
  ChallengeStore,
  EnrollmentStore,
  RetentionStore,
  SettingsStore,
  Stores,
} from '../store/index.js';
import { openChallengeServer } from './challenge-server.js';
import type { SharedDatabase } from './shared-database.js';
import { openFoundation } from './stores.js';

/** Everything that lives in the data directory, opened: what a command needs without a listener. */
export interface DataDirectory {
  readonly path: string;
  readonly keys: SealedKeyStore;
  readonly enrollments: EnrollmentStore;
  readonly settings: SettingsStore;
  readonly retention: RetentionStore;
  /** To what the database does by itself. */
  readonly listen: Stores['listen'];
  readonly challenges: Challenges;
  /** What `challenges` stand on, for those that are judged outside. */
  readonly challengeState: { readonly store: ChallengeStore; readonly secret: Buffer };
  /** Where challenges are on a server of their own. */
  readonly challengeServer: ChallengeServer | undefined;
  /** True when challenges live in the memory of the serving process, out of reach for others. */
  readonly challengesInMemory: boolean;
  /** True when the passphrase of the keys lies in the directory itself. */
  readonly passphraseGenerated: boolean;
  /** Seals what is kept of requests; see RequestVault. */
  readonly requestSecret: Buffer;
  /** What several gateways share; undefined where the records are a file. */
  readonly shared: SharedDatabase | undefined;
  close(): Promise<void>;
}

/** @throws GatewayError `keys.*`, `store.*` or `config.unreadable` */
export async function openDataDirectory(
  { config, readSecret }: Pick<ResolvedConfig, 'config' | 'readSecret'>,
  clock: () => Date,
): Promise<DataDirectory> {
  const { directory, passphrase, challengeStore } = config.data;
  await makeDirectory(directory);
  const { stores, keys, shared } = await openFoundation({ config, readSecret }, clock);
  const [secret, singlePasswordSecret, requestSecret] = await Promise.all([
    keys.deriveSecret('challenge digest'),
    keys.deriveSecret('single password'),
    keys.deriveSecret('request vault'),
  ]);
  const challengesInMemory = challengeStore === 'memory';
  const challengeServer = await openChallengeServer({ config, readSecret }, keys);
  const store = challengesInMemory
    ? await memoryChallenges()
    : (challengeServer?.store ?? stores.challenges);
  return {
    path: directory,
    keys,
    enrollments: stores.enrollments,
    settings: stores.settings,
    retention: stores.retention,
    listen: stores.listen,
    challenges: createChallenges({ store, secret, singlePasswordSecret, clock }),
    challengeState: { store, secret },
    challengeServer,
    challengesInMemory,
    passphraseGenerated: passphrase === undefined,
    requestSecret,
    shared,
    close: async () => {
      await challengeServer?.close();
      await stores.close();
      await keys.close();
    },
  };
}

async function memoryChallenges(): Promise<ChallengeStore> {
  const { createMemoryChallengeStore } = await import('../store/memory/index.js');
  return createMemoryChallengeStore({ maxKeys: 1_000_000 });
}

/**
 * Level by level: node's own recursive mkdir never ends where a parent cannot be made, as under /proc.
 *
 * @throws GatewayError `config.unreadable`
 */
export async function makeDirectory(path: string): Promise<void> {
  const first = await tryDirectory(path);
  if (first === 'made') return;
  if (first === 'ENOENT' && dirname(path) !== path) {
    await makeDirectory(dirname(path));
    if ((await tryDirectory(path)) === 'made') return;
  }
  throw new GatewayError(
    'config.unreadable',
    `The data directory ${path} cannot be made (${first}).`,
    {
      mend: 'Set SCEP_GATEWAY_DATA_DIR or data.directory to a folder that the gateway may write to.',
    },
  );
}

async function tryDirectory(path: string): Promise<'made' | (string & {})> {
  try {
    await mkdir(path, { mode: 0o700 });
    return 'made';
  } catch (error) {
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    return code === 'EEXIST' && (await isDirectory(path)) ? 'made' : code;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
