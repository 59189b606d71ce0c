/** Keys that several gateways share in PostgreSQL: founded once, opened by the passphrase alone. */
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { loadConfig } from '../../src/config/index.js';
import { databaseKeys } from '../../src/gateway/database-keys.js';
import { openInstallation, type Installation } from '../../src/gateway/index.js';
import { keyStoreContract } from '../keys/key-store.contract.js';
import {
  describeWithPostgres,
  startPostgres,
  storesOfSuite,
  type PostgresServer,
} from '../support/postgres.js';
import { remove, temporaryFolder } from './running.js';

describeWithPostgres('keys in the database', () => {
  let server: PostgresServer;
  let folder: string;
  let database: string;
  let opened: Installation[] = [];

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.remove());
  beforeEach(async () => {
    folder = await temporaryFolder();
    database = await server.createDatabase();
  });
  afterEach(async () => {
    await Promise.all(opened.map((installation) => installation.close()));
    opened = [];
    await remove(folder);
  });

  async function configured(
    directory: string,
    { passphrase = 'a passphrase of the fleet', keys = 'database' } = {},
  ) {
    const { host, user } = server.connection(database);
    const config = join(folder, `${directory}.yaml`);
    await writeFile(join(folder, `${directory}.secret`), passphrase);
    await writeFile(
      config,
      `data:
  directory: ${join(folder, directory)}
  passphrase: { file: ${directory}.secret }
  keys: { kind: ${keys} }
  store: { kind: postgres, host: ${host}, user: ${user}, database: ${database} }
issuers: { local: { kind: local, keyBits: 2048 } }
`,
    );
    return loadConfig({
      environment: {
        SCEP_GATEWAY_CONFIG: config,
        SCEP_GATEWAY_ADMIN_PASSWORD: 'a password of admin',
      },
    });
  }

  async function open(...options: Parameters<typeof configured>): Promise<Installation> {
    const installation = await openInstallation(await configured(...options));
    opened.push(installation);
    return installation;
  }

  const caOf = (installation: Installation) =>
    installation.authorities.get('local')?.thumbprintCertificate?.thumbprints.sha256;

  const count = async (sql: string) => {
    const [row] = await server.query(database, `SELECT count(*)::int AS n ${sql}`);
    return row?.['n'];
  };

  test('three that start at once on an empty database found one CA, with one RA', async () => {
    const all = await Promise.all(['a', 'b', 'c'].map((directory) => open(directory)));
    expect(new Set(all.map(caOf)).size).toBe(1);
    expect(all.filter(({ newAdministratorPassword }) => newAdministratorPassword)).toEqual([]);
    // A root, and two RA certificates; nobody made another that was thrown away.
    expect(await count('FROM certificates')).toBe(3);
    expect(await count("FROM sealed_secrets WHERE name LIKE '%.key'")).toBe(3);
    const [ours, theirs] = all.map(({ authorities }) =>
      authorities.get('local')?.registrationAuthority('ra'),
    );
    const data = Buffer.from('to be signed');
    expect(await ours?.signing.key.sign('sha256', data)).toEqual(
      await theirs?.signing.key.sign('sha256', data),
    );
    expect(await readdir(join(folder, 'a'))).toEqual([]);
  });

  test('a turn that a dead gateway left behind ends by itself', async () => {
    await (await open('a')).close();
    opened = [];
    await server.query(
      database,
      `UPDATE leases SET holder = 'dead:1', until = (extract(epoch FROM now()) * 1000)::bigint + 1000`,
    );
    expect(caOf(await open('b'))).toBeDefined();
  });

  test('another passphrase stops the start, and changes nothing', async () => {
    const first = caOf(await open('a'));
    await expect(open('b', { passphrase: 'a passphrase of somebody else' })).rejects.toMatchObject({
      code: 'keys.passphrase',
      message: 'The passphrase does not open the keys in the database.',
    });
    expect(caOf(await open('c'))).toBe(first);
  });

  test('keys of a data directory are taken up, and open with their passphrase', async () => {
    const before = caOf(await open('a', { keys: 'files' }));
    await cp(join(folder, 'a'), join(folder, 'b'), { recursive: true });
    expect(caOf(await open('b'))).toBe(before);
    // From now on without the files.
    expect(caOf(await open('c'))).toBe(before);
    const [row] = await server.query(
      database,
      "SELECT text FROM sealed_secrets WHERE name = 'local-ca-1.key'",
    );
    expect(row?.['text']).toBe(await readFile(join(folder, 'a', 'keys', 'local-ca-1.key'), 'utf8'));
  });

  test('keys of another data directory are not mixed with them', async () => {
    const first = caOf(await open('a'));
    await mkdir(join(folder, 'b', 'keys'), { recursive: true });
    await writeFile(join(folder, 'b', 'keys', 'seal.json'), '{}');
    expect(caOf(await open('b'))).toBe(first);
  });

  const foreign = {
    code: 'store.schema',
    message: 'The database belongs to a gateway with other keys.',
  };

  test('keys of a CA and an empty database do not found it anew', async () => {
    await (await open('a', { keys: 'files' })).close();
    opened = [];
    database = await server.createDatabase();
    await expect(open('a')).rejects.toMatchObject({
      code: 'store.schema',
      message: 'The database is empty, but there are keys of a CA in the data directory.',
    });
    const [row] = await server.query(database, "SELECT to_regclass('sealed_secrets') AS found");
    expect(row?.['found']).toBeNull();
  });

  test('whoever starts first without the keys that are to be moved is refused, and moves nothing', async () => {
    const before = caOf(await open('a', { keys: 'files' }));
    await expect(open('b')).rejects.toMatchObject(foreign);
    expect(await count('FROM sealed_secrets')).toBe(0);
    expect(caOf(await open('a'))).toBe(before);
    expect(caOf(await open('b'))).toBe(before);
  });

  test('whoever starts first with other keys is refused, and moves nothing', async () => {
    const ours = database;
    const before = caOf(await open('a', { keys: 'files' }));
    database = await server.createDatabase();
    await open('b', { keys: 'files' });
    database = ours;
    await expect(open('b')).rejects.toMatchObject(foreign);
    expect(await count('FROM sealed_secrets')).toBe(0);
    expect(caOf(await open('a'))).toBe(before);
  });

  test('keys of a CA in the data directory are not passed over for others of the database', async () => {
    const ours = database;
    database = await server.createDatabase();
    await open('a', { keys: 'files' });
    database = ours;
    await open('b');
    await expect(open('a')).rejects.toMatchObject(foreign);
  });

  test('RA certificates that one renews are those of the other, keys and all', async () => {
    const first = await open('a');
    const second = await open('b');
    const raOf = (each: Installation) => each.authorities.get('local')?.registrationAuthority('ra');
    const before = raOf(second)?.signing.certificate.serial;
    const config = await configured('a');
    const local = config.config.issuers['local'];
    const renewing = await openInstallation({
      ...config,
      config: {
        ...config.config,
        issuers: { local: { ...local, raSubject: 'CN=RA of next year' } as typeof local & object },
      },
    });
    opened.push(renewing);
    expect(await second.authorities.get('local')?.reload()).toBe(true);
    expect(await first.authorities.get('local')?.reload()).toBe(true);
    const after = raOf(second);
    expect(after?.signing.certificate.serial).not.toBe(before);
    expect(after?.signing.certificate.subject.text).toBe('CN=RA of next year');
    expect(raOf(first)?.signing.certificate.serial).toBe(after?.signing.certificate.serial);
    // Requests to the key before are still opened.
    expect(after?.decryption.map(({ certificate }) => certificate.subject.text)).toContain(
      raOf(second)?.decryption.at(-1)?.certificate.subject.text,
    );
    expect(after?.decryption.length).toBeGreaterThan(2);
  });
});

describeWithPostgres('sealed texts of a database as a shelf', () => {
  const suite = storesOfSuite();
  const cheap = { N: 1024, r: 8, p: 1 };
  keyStoreContract('SealedKeyStore in PostgreSQL', {
    run: async (body) => {
      await suite.empty();
      await body(() => databaseKeys(suite.stores.sealed, 'a passphrase', cheap));
    },
  });
});
