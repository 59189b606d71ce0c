import { readFile } from 'node:fs/promises';
import { checkServerIdentity, createSecureContext, type ConnectionOptions } from 'node:tls';
import type { PostgresConfig, ResolvedConfig } from '../config/index.js';
import { GatewayError, isGatewayError, messageOf, readableOr } from '../errors/index.js';
import { requireFewKeyRounds } from '../keys/index.js';
import { readPem, type PemBlock } from '../x509/index.js';

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
  if (privateKey !== undefined) requireKey(privateKey, passphrase, `${key}.tls.key`, tls.key ?? '');
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

/**
 * Opens it as the connections will. OpenSSL finds the key among comments and blocks of other kinds, so the file
 * is not read more strictly here than there.
 * @throws GatewayError `config.invalid`
 */
function requireKey(
  privateKey: Buffer,
  passphrase: string | undefined,
  key: string,
  file: string,
): void {
  requireKeyRounds(privateKey, key);
  try {
    createSecureContext({ key: privateKey, ...(passphrase !== undefined && { passphrase }) });
  } catch (cause) {
    throw new GatewayError(
      'config.invalid',
      `${key} is no private key that OpenSSL opens: ${file} (${messageOf(cause)})`,
      {
        mend: 'Give it as PKCS#8 or PKCS#1 PEM, and `passphrase` beside it where it is encrypted.',
        cause,
      },
    );
  }
}

/** @throws GatewayError `config.invalid` for a key whose passphrase OpenSSL would hash without end */
function requireKeyRounds(privateKey: Buffer, key: string): void {
  for (const block of encryptedKeys(privateKey.toString('latin1'))) {
    try {
      requireFewKeyRounds(block);
    } catch (cause) {
      if (!isGatewayError(cause)) throw cause;
      const { code, message, mend = '' } = cause;
      throw new GatewayError(code, `${key}: ${message}`, { mend, cause });
    }
  }
}

/** As OpenSSL sees them: from the beginning of a line. What cannot be read it judges itself. */
function encryptedKeys(text: string): readonly PemBlock[] {
  const blocks = text.matchAll(
    /^-----BEGIN ENCRYPTED PRIVATE KEY-----[^]*?^-----END ENCRYPTED PRIVATE KEY-----/gm,
  );
  return [...blocks].flatMap(([block]) => readableOr([], () => readPem(block)));
}
