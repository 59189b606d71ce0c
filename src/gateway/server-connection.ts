import type { PostgresConfig, RedisConfig, ResolvedConfig } from '../config/index.js';
import type { PostgresConnection, RedisConnection } from '../store/index.js';
import { secretNow } from './secret-now.js';
import { serverTls } from './server-tls.js';

/** What the ways to any server of `data` have in common. */
type ServerConnection = Pick<
  PostgresConnection & RedisConnection,
  'host' | 'port' | 'password' | 'tls' | 'connectTimeoutMs'
>;

/**
 * @param key where the server stands in the configuration
 * @throws GatewayError `config.unreadable`, `config.invalid`
 */
export async function serverConnection(
  config: PostgresConfig | RedisConfig,
  key: 'data.store' | 'data.redis',
  readSecret: ResolvedConfig['readSecret'],
): Promise<ServerConnection> {
  const { host, port, password, connectSeconds } = config;
  return {
    host,
    port,
    password: async () => (password ? secretNow(readSecret, password, 'store.unavailable') : ''),
    tls: await serverTls(config, key, readSecret),
    connectTimeoutMs: connectSeconds * 1000,
  };
}
