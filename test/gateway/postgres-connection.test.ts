/** The way to a PostgreSQL that wants TLS and a password, as an administrator sets both up. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { der } from '../../src/asn1/index.js';
import { loadConfig } from '../../src/config/index.js';
import { postgresConnection } from '../../src/gateway/postgres-connection.js';
import { openPostgresStores } from '../../src/store/postgres/index.js';
import { writeSubjectAltNames } from '../../src/x509/index.js';
import { selfSigned } from '../support/certificates.js';
import { testKey, testKeyObject } from '../support/keys.js';
import { describeWithPostgres, startPostgres, type PostgresServer } from '../support/postgres.js';
import { inDays } from './certificate-files.js';
import { remove, temporaryFolder } from './running.js';

const password = 'a-password-of-the-role';

describeWithPostgres('a PostgreSQL that wants TLS and a password', () => {
  let server: PostgresServer;
  let folder: string;
  let database: string;

  beforeAll(async () => {
    folder = await temporaryFolder();
    const name = writeSubjectAltNames([der.context(2, Buffer.from('db.corp.example'))], false);
    const life = { notBefore: inDays(-1), notAfter: inDays(100) };
    const [own, other] = await Promise.all(
      (['client', 'client-2'] as const).map((key) =>
        selfSigned(testKey(key), { ...life, subject: 'CN=database', extensions: [name] }),
      ),
    );
    await writeFile(join(folder, 'ca.pem'), own!.toPem());
    await writeFile(join(folder, 'other.pem'), other!.toPem());
    await writeFile(join(folder, 'password'), `${password}\n`);
    server = await startPostgres({
      tcp: true,
      settings: ['ssl = on', 'password_encryption = scram-sha-256'],
      hba: ['hostssl all all 127.0.0.1/32 scram-sha-256'],
      files: {
        'server.crt': own!.toPem(),
        'server.key': testKeyObject('client').export({ format: 'pem', type: 'pkcs8' }).toString(),
      },
    });
    database = await server.createDatabase();
  });
  afterAll(async () => {
    await server.remove();
    await remove(folder);
  });

  async function open(changes: Readonly<Record<string, unknown>> = {}) {
    const store = {
      kind: 'postgres',
      host: '127.0.0.1',
      port: server.port,
      database,
      user: 'gateway',
      password: { file: 'password' },
      tls: { ca: 'ca.pem', serverName: 'db.corp.example' },
      ...changes,
    };
    const file = join(folder, 'gateway.yaml');
    await writeFile(file, JSON.stringify({ data: { store } }));
    const { config, readSecret } = await loadConfig({ environment: { SCEP_GATEWAY_CONFIG: file } });
    if (config.data.store.kind !== 'postgres') throw new Error('not PostgreSQL');
    return openPostgresStores(await postgresConnection(config.data.store, readSecret));
  }

  test('is used with both; a new password is taken up by the next connection', async () => {
    const stores = await open();
    await stores.settings.set('k', 'v');
    const [session] = await server.query(
      database,
      "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'scep-gateway'",
    );
    expect(session).toEqual({ ssl: true });

    await server.query('postgres', "ALTER ROLE gateway PASSWORD 'another-password'");
    await writeFile(join(folder, 'password'), 'another-password');
    await server.query(
      database,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'scep-gateway'",
    );
    // The first may still be told that its connection is gone; the database is there.
    const again = () => stores.settings.get('k').catch(() => stores.settings.get('k'));
    expect(await again()).toBe('v');
    await stores.close();
    await server.query('postgres', `ALTER ROLE gateway PASSWORD '${password}'`);
    await writeFile(join(folder, 'password'), password);
  });

  test('a password that cannot be read for a moment is an outage, not a fault of the gateway', async () => {
    const stores = await open();
    await stores.settings.set('k', 'w');
    await rm(join(folder, 'password'));
    await server.query(
      database,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'scep-gateway'",
    );
    // The first may still be told that its connection is gone.
    await stores.settings.get('k').catch(() => undefined);
    await expect(stores.settings.get('k')).rejects.toMatchObject({
      code: 'store.unavailable',
      message: 'A password cannot be read now.',
      detail: expect.stringMatching(
        /password" cannot be read: there is no such file; put /,
      ) as unknown,
    });
    await writeFile(join(folder, 'password'), password);
    expect(await stores.settings.get('k')).toBe('w');
    await stores.close();
  });

  test.each([
    ['another CA', { tls: { ca: 'other.pem', serverName: 'db.corp.example' } }, 'self-signed'],
    ['the CAs of the system', { tls: { serverName: 'db.corp.example' } }, 'self-signed'],
    ['another name', { tls: { ca: 'ca.pem' } }, "IP: 127.0.0.1 is not in the cert's list"],
  ])('is refused by %s', async (_what, changes, reason) => {
    await expect(open(changes)).rejects.toMatchObject({
      code: 'store.unavailable',
      message: expect.stringContaining(reason) as unknown,
      mend: expect.stringMatching(/^Look at data\.store\.tls: /) as unknown,
    });
  });

  test('lets nobody in without TLS', async () => {
    await expect(open({ tls: { mode: 'off' } })).rejects.toMatchObject({
      code: 'store.unavailable',
      message: expect.stringContaining('no encryption') as unknown,
      mend: expect.stringContaining('pg_hba.conf') as unknown,
    });
  });

  test.each([
    ['a wrong password', { password: { file: 'ca.pem' } }, 'password authentication failed'],
    ['no password', { password: undefined }, 'password'],
  ])('lets nobody in with %s, and does not repeat it', async (_what, changes, reason) => {
    const failure: unknown = await open(changes).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'store.unavailable',
      message: expect.stringContaining(reason) as unknown,
      mend: expect.stringContaining('data.store.password') as unknown,
    });
    expect(JSON.stringify(failure)).not.toContain('BEGIN CERTIFICATE');
  });
});
