import { readFile } from 'node:fs/promises';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import type { PostgresConfig, ResolvedConfig } from '../config/index.js';
import { GatewayError, isGatewayError } from '../errors/index.js';
import { requireFewKeyRounds } from '../keys/index.js';
import { readPem } from '../x509/index.js';

/**
 * TLS to a server of `data`, its files read. Undefined where the connection is in the clear: as configured,
 * and through a Unix socket.
 *
 * @param key where the server stands in the configuration
 * @throws GatewayError `config.unreadable`, `config.invalid`
 */
export async function serverTls(
  { host, tls }: Pick<PostgresConfig, 'host' | 'tls'>,
  key: 'data.store' | 'data.redis',
  readSecret: ResolvedConfig['readSecret'],
): Promise<ConnectionOptions | undefined> {
  if (tls.mode === 'off' || host.startsWith('/')) return undefined;
  const read = async (name: 'ca' | 'certificate' | 'key'): Promise<Buffer | undefined> => {
    const file = tls[name];
    if (file === undefined) return undefined;
    try {
      return await readFile(file);
    } catch (cause) {
      throw new GatewayError('config.unreadable', `${key}.tls.${name} cannot be read: ${file}`, {
        mend: 'Correct the path, or its rights.',
        cause,
      });
    }
  };
  const [ca, certificate, privateKey, passphrase] = await Promise.all([
    read('ca'),
    read('certificate'),
    read('key'),
    tls.passphrase && readSecret(tls.passphrase),
  ]);
  if (privateKey !== undefined) requireKeyRounds(privateKey, key);
  const name = tls.serverName ?? host;
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    checkServerIdentity: (_host, shown) => checkServerIdentity(name, shown),
    ...(ca !== undefined && { ca }),
    ...(certificate !== undefined && { cert: certificate }),
    ...(privateKey !== undefined && { key: privateKey }),
    ...(passphrase !== undefined && { passphrase }),
  };
}

/** @throws GatewayError `config.invalid` for a key whose passphrase OpenSSL would hash without end */
function requireKeyRounds(privateKey: Buffer, key: string): void {
  for (const block of readPem(privateKey.toString('latin1'))) {
    try {
      requireFewKeyRounds(block);
    } catch (cause) {
      if (!isGatewayError(cause)) throw cause;
      const { code, message, mend = '' } = cause;
      throw new GatewayError(code, `${key}.tls.key: ${message}`, { mend, cause });
    }
  }
}
