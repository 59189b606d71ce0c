import type { CheckedConfig } from './checked-config.js';
import type { ConfigWarning } from './config-warning.js';
import { checkFileSet } from './file-set-check.js';
import { problemAt, type ConfigPath, type ConfigProblem } from './problem.js';
import type { GatewayConfig } from './schema.js';
import type { PostgresConfig } from './store-schema.js';

/** Settings of the store that cannot stand together. */
export function checkStore({ config: { data } }: CheckedConfig): ConfigProblem[] {
  return [...checkChallengeStore(data), ...checkTls(data.store), ...checkKeys(data)];
}

type DataConfig = Pick<GatewayConfig['data'], 'store' | 'challengeStore' | 'processes'>;

function checkChallengeStore({ store, challengeStore, processes }: DataConfig): ConfigProblem[] {
  const path = ['data', 'challengeStore'];
  if (challengeStore === 'sqlite' && store.kind !== 'sqlite') {
    return [problemAt(path, 'is sqlite beside another store', 'write `challengeStore: database`')];
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

function checkTls(store: DataConfig['store']): ConfigProblem[] {
  if (store.kind !== 'postgres') return [];
  const { mode, certificate, key, ca, serverName } = store.tls;
  const path: ConfigPath = ['data', 'store', 'tls'];
  const isNamed = [certificate, key, ca, serverName].some((value) => value !== undefined);
  if (isNamed && (mode === 'off' || isSocket(store))) {
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

/** A folder of the machine itself: what goes through it passes no network. */
function isSocket({ host }: Pick<PostgresConfig, 'host'>): boolean {
  return host.startsWith('/');
}

/** What is allowed, and seldom meant. */
export function storeWarnings({ store }: Pick<DataConfig, 'store'>): ConfigWarning[] {
  if (store.kind !== 'postgres' || store.tls.mode !== 'off') return [];
  if (isSocket(store) || /^(localhost|127\.[0-9.]+|::1)$/.test(store.host)) return [];
  return [
    {
      key: 'data.store.tls.mode',
      warning:
        'records and the sign-in at the database cross the network in the clear, and nothing tells that the server is the right one',
    },
  ];
}
