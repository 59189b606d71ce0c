import type { PostgresConfig, ResolvedConfig } from '../config/index.js';
import type { PostgresConnection } from '../store/index.js';
import { serverTls } from './server-tls.js';

/** `data.store` as the stores want it, its files read. @throws GatewayError `config.unreadable` */
export async function postgresConnection(
  config: PostgresConfig,
  readSecret: ResolvedConfig['readSecret'],
): Promise<PostgresConnection> {
  const { host, port, database, user, password, connections } = config;
  return {
    host,
    port,
    database,
    user,
    password: () => (password ? readSecret(password) : Promise.resolve('')),
    tls: await serverTls(config, 'data.store', readSecret),
    connections,
    connectTimeoutMs: config.connectSeconds * 1000,
    statementTimeoutMs: config.statementSeconds * 1000,
  };
}
