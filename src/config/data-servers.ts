import type { ConfigPath } from './problem.js';
import type { GatewayConfig } from './schema.js';
import type { PostgresConfig } from './store-schema.js';

export interface DataServer {
  readonly path: ConfigPath;
  /** What all kinds of them have in common. */
  readonly server: Pick<PostgresConfig, 'host' | 'password' | 'tls'>;
}

/** The servers that `data` names. */
export function dataServers({
  store,
  redis,
}: Pick<GatewayConfig['data'], 'store' | 'redis'>): DataServer[] {
  return [
    ...(store.kind === 'postgres' ? [{ path: ['data', 'store'], server: store }] : []),
    ...(redis ? [{ path: ['data', 'redis'], server: redis }] : []),
  ];
}
