import type { PostgresConfig, ResolvedConfig } from '../config/index.js';
import type { PostgresConnection } from '../store/index.js';
import { serverConnection } from './server-connection.js';

/** `data.store` as the stores want it, its files read. @throws GatewayError `config.unreadable` */
export async function postgresConnection(
  config: PostgresConfig,
  readSecret: ResolvedConfig['readSecret'],
): Promise<PostgresConnection> {
  const { database, user, connections } = config;
  return {
    ...(await serverConnection(config, 'data.store', readSecret)),
    database,
    user,
    connections,
    statementTimeoutMs: config.statementSeconds * 1000,
  };
}
