import type { CheckedConfig } from './checked-config.js';
import type { ConfigWarning } from './config-warning.js';
import { dataServers, type DataServer } from './data-servers.js';
import { checkFileSet } from './file-set-check.js';
import { keyText, problemAt, type ConfigPath, type ConfigProblem } from './problem.js';
import { mappingAt } from './raw-value.js';
import type { GatewayConfig } from './schema.js';
import type { PostgresConfig } from './store-schema.js';

/** Settings of the store that cannot stand together. */
export function checkStore({ config: { data }, raw }: CheckedConfig): ConfigProblem[] {
  return [
    ...checkChallengeStore(data, raw),
    ...checkRedisUser(data),
    ...dataServers(data).flatMap(checkTls),
    ...checkKeys(data),
  ];
}

type DataConfig = Pick<GatewayConfig['data'], 'store' | 'challengeStore' | 'redis' | 'processes'>;

function checkChallengeStore(
  { store, challengeStore, redis, processes }: DataConfig,
  raw: unknown,
): ConfigProblem[] {
  const path = ['data', 'challengeStore'];
  if (challengeStore === 'sqlite' && store.kind !== 'sqlite') {
    return [problemAt(path, 'is sqlite beside another store', 'write `challengeStore: database`')];
  }
  if (challengeStore === 'redis' && !Object.hasOwn(mappingAt(raw, ['data']), 'redis')) {
    return [
      problemAt(path, 'is redis, and data.redis names no server', 'write `redis: { host: … }`'),
    ];
  }
  if (challengeStore !== 'redis' && redis !== undefined) {
    return [
      problemAt(
        ['data', 'redis'],
        `stands beside \`challengeStore: ${challengeStore}\`, which does not use it`,
        'write `challengeStore: redis`, or leave it out',
      ),
    ];
  }
  if (challengeStore !== 'memory' || processes === 1) return [];
  return [
    problemAt(
      path,
      `is memory, which ${processes} processes cannot share`,
      'write `challengeStore: database`, or `processes: 1`',
    ),
  ];
}

/** A connection without a password is that of the user `default`. */
function checkRedisUser({ redis }: Pick<DataConfig, 'redis'>): ConfigProblem[] {
  if (redis?.user === undefined || redis.password !== undefined) return [];
  return [
    problemAt(
      ['data', 'redis', 'user'],
      'stands without a password, so that nobody would sign in with it',
      'set data.redis.password, or leave it out',
    ),
  ];
}

function checkKeys({
  store,
  keys,
  passphrase,
}: Pick<GatewayConfig['data'], 'store' | 'keys' | 'passphrase'>): ConfigProblem[] {
  if (keys.kind !== 'database') return [];
  const path = ['data', 'keys', 'kind'];
  if (store.kind !== 'postgres')
    return [problemAt(path, 'is database beside a file', 'write `kind: files`, or set data.store')];
  if (passphrase !== undefined) return [];
  return [
    problemAt(
      path,
      'is database, and no passphrase is configured that each gateway has',
      'set data.passphrase to a file, variable or credential; for keys that were made with the generated one, to a copy of the file `passphrase`',
    ),
  ];
}

function checkTls({ path: at, server }: DataServer): ConfigProblem[] {
  const { mode, certificate, key, ca, serverName } = server.tls;
  const path: ConfigPath = [...at, 'tls'];
  const isNamed = [certificate, key, ca, serverName].some((value) => value !== undefined);
  if (isNamed && (mode === 'off' || isSocket(server))) {
    return [
      problemAt(
        path,
        mode === 'off' ? 'is off, and names files or a name' : 'stands beside a Unix socket',
        mode === 'off' ? 'write `mode: verify`, or leave them out' : 'leave it out',
      ),
    ];
  }
  return certificate === undefined && key === undefined
    ? []
    : checkFileSet(path, { certificate, key });
}

/** A place of the machine itself: what goes through it passes no network. */
function isSocket({ host }: Pick<PostgresConfig, 'host'>): boolean {
  return host.startsWith('/');
}

/** What is allowed, and seldom meant. */
export function storeWarnings(data: Pick<DataConfig, 'store' | 'redis'>): ConfigWarning[] {
  return dataServers(data)
    .filter(({ server }) => server.tls.mode === 'off' && !isSocket(server))
    .filter(({ server }) => !/^(localhost|127\.[0-9.]+|::1)$/.test(server.host))
    .map(({ path }) => ({
      key: keyText([...path, 'tls', 'mode']),
      warning:
        'records and the sign-in at the database cross the network in the clear, and nothing tells that the server is the right one',
    }));
}
