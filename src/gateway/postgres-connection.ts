import { readFile } from 'node:fs/promises';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import type { PostgresConfig, ResolvedConfig } from '../config/index.js';
import { GatewayError } from '../errors/index.js';
import type { PostgresConnection } from '../store/index.js';

type ReadSecret = ResolvedConfig['readSecret'];

/** `data.store` as the stores want it, its files read. @throws GatewayError `config.unreadable` */
export async function postgresConnection(
  config: PostgresConfig,
  readSecret: ReadSecret,
): Promise<PostgresConnection> {
  const { host, port, database, user, password, connections } = config;
  return {
    host,
    port,
    database,
    user,
    password: () => (password ? readSecret(password) : Promise.resolve('')),
    tls: await tlsOptions(config, readSecret),
    connections,
    connectTimeoutMs: config.connectSeconds * 1000,
    statementTimeoutMs: config.statementSeconds * 1000,
  };
}

/** Undefined where the connection is in the clear: as configured, and through a Unix socket. */
async function tlsOptions(
  { host, tls }: PostgresConfig,
  readSecret: ReadSecret,
): Promise<ConnectionOptions | undefined> {
  if (tls.mode === 'off' || host.startsWith('/')) return undefined;
  const [ca, cert, key, passphrase] = await Promise.all([
    tls.ca === undefined ? undefined : read('ca', tls.ca),
    tls.certificate === undefined ? undefined : read('certificate', tls.certificate),
    tls.key === undefined ? undefined : read('key', tls.key),
    tls.passphrase && readSecret(tls.passphrase),
  ]);
  const name = tls.serverName ?? host;
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(passphrase !== undefined && { passphrase }),
  };
}

async function read(name: 'ca' | 'certificate' | 'key', file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new GatewayError('config.unreadable', `data.store.tls.${name} cannot be read: ${file}`, {
      mend: 'Correct the path, or its rights.',
      cause,
    });
  }
}
