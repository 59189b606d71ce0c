import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { schemaSteps } from '../../../src/store/postgres/schema.js';
import type { PostgresConnection } from '../../../src/store/index.js';
import { openPostgresView, openPostgresStores } from '../../../src/store/postgres/index.js';
import { migratePostgres } from '../../../src/store/upkeep/index.js';
import {
  describeWithPostgres,
  startPostgres,
  type PostgresServer,
} from '../../support/postgres.js';
import { at, audit, certificate, challenge, noon, transaction } from '../records.js';

/** pg_advisory_lock: who migrates holds it. */
const migrationLock = 0x73636570;

describeWithPostgres('opening PostgreSQL', () => {
  let server: PostgresServer;
  let database: string;
  let connection: PostgresConnection;

  beforeAll(async () => {
    server = await startPostgres({ settings: ['synchronous_commit = off'] });
  });
  afterAll(() => server.remove());
  beforeEach(async () => {
    database = await server.createDatabase();
    connection = server.connection(database);
  });

  const versions = () =>
    server.query(database, 'SELECT version FROM scep_gateway_versions ORDER BY version');

  describe('schema', () => {
    test('is made once, by eight that come together', async () => {
      const opened = await Promise.all(
        Array.from({ length: 8 }, () => openPostgresStores({ ...connection, connections: 2 })),
      );
      const counts = await Promise.all(opened.map(({ settings }) => settings.next('crl')));
      expect([...counts].sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      await Promise.all(opened.map((stores) => stores.close()));
      expect(await versions()).toEqual(
        schemaSteps.map((_, index) => ({ version: String(index + 1) })),
      );
    });

    test('tells what a migration did', async () => {
      const to = schemaSteps.length;
      expect(await migratePostgres(connection, noon)).toEqual({ from: 0, to });
      expect(await migratePostgres(connection, noon)).toEqual({ from: to, to });
    });

    test('gives what is reserved already the time of the last use of its challenge', async () => {
      const stores = await openPostgresStores(connection);
      const { id } = challenge('a');
      await stores.challenges.add(challenge('a', { maxUses: 2 }), 1);
      await stores.challenges.reserve(id, 'old', noon);
      await stores.challenges.reserve(id, 'new', at(5));
      await server.query(
        database,
        `ALTER TABLE transaction_holds DROP COLUMN touched_at;
         DELETE FROM scep_gateway_versions WHERE version = 4`,
      );
      await migratePostgres(connection, noon);
      const touched = async () => {
        const found = [];
        for await (const part of stores.challenges.idleReservations(at(6))) found.push(...part);
        return found.map(({ touchedAt }) => touchedAt);
      };
      expect(await touched()).toEqual([at(5), at(5)]);
      // As a gateway of the release before writes it, beside this one.
      await server.query(database, 'UPDATE transaction_holds SET touched_at = NULL');
      expect(await touched()).toEqual([undefined, undefined]);
      expect(await stores.challenges.reclaim(id, 'old', at(5))).toBe(false);
      expect(await stores.challenges.reclaim(id, 'old', at(6))).toBe(true);
      await stores.close();
    });

    test('whoever starts waits for the migration of another as long as it takes', async () => {
      const other = new pg.Client({ ...connection, password: '', user: 'postgres' });
      await other.connect();
      await other.query(`SELECT pg_advisory_lock(${migrationLock})`);
      const ended: unknown[] = [];
      const opening = openPostgresStores(connection).finally(() => ended.push('opening'));
      // Longer than statements wait for a lock, by the clock that ends them.
      const waited = `SELECT 1 FROM pg_stat_activity WHERE datname = '${database}'
        AND wait_event = 'advisory' AND query_start < clock_timestamp() - interval '6 s'`;
      while (ended.length === 0 && (await server.query(database, waited)).length === 0)
        await pause(200);
      await other.end();
      await (await opening).close();
      expect(await versions()).toHaveLength(schemaSteps.length);
    }, 60_000);

    test('that is newer is refused, and stays as it is', async () => {
      await migratePostgres(connection, noon);
      await server.query(database, 'INSERT INTO scep_gateway_versions VALUES (99, 0)');
      for (const open of [openPostgresStores, openPostgresView])
        await expect(open(connection)).rejects.toMatchObject({
          code: 'store.schema',
          message: `The database has schema version 99; this release knows versions up to ${schemaSteps.length}.`,
        });
      expect((await versions()).at(-1)).toEqual({ version: '99' });
    });

    test('an empty database can be refused', async () => {
      await expect(openPostgresStores(connection, { whenEmpty: 'refuse' })).rejects.toMatchObject({
        code: 'store.schema',
        message: 'The database is empty, but there are keys of a CA in the data directory.',
      });
      await expect(openPostgresView(connection)).rejects.toMatchObject({
        code: 'store.schema',
        message: 'The database holds no tables of the gateway yet.',
      });
      await migratePostgres(connection, noon);
      const stores = await openPostgresStores(connection, { whenEmpty: 'refuse' });
      await stores.close();
    });

    test('beside tables of something else is not made', async () => {
      await server.query(database, 'CREATE TABLE customers (id int)');
      await expect(openPostgresStores(connection)).rejects.toMatchObject({
        code: 'store.schema',
        message: 'The database holds tables of something else.',
      });
    });

    test('is not made in an encoding that cannot hold every name', async () => {
      const other = server.connection(await server.createDatabase('SQL_ASCII'));
      await expect(openPostgresStores(other)).rejects.toMatchObject({
        code: 'store.schema',
        message: 'The database has the encoding SQL_ASCII.',
      });
    });
  });

  test('what was resolved is there after the next opening, and a restart of the server', async () => {
    const first = await openPostgresStores(connection);
    await first.challenges.add(challenge('a'), 1);
    await first.challenges.reserve(challenge('a').id, 't', noon);
    await first.enrollments.open(transaction('1'), audit('opened'));
    await first.enrollments.addCertificate(certificate(1));
    await first.settings.set('k', 'v');
    await server.stop();
    await server.start();
    await first.close();
    await first.close();

    const second = await openPostgresStores(connection);
    expect((await second.challenges.find(challenge('a').id))?.uses).toBe(1);
    expect(await second.enrollments.transaction(transaction('1').id)).toEqual(transaction('1'));
    expect((await second.enrollments.certificate(certificate(1).thumbprint))?.der).toEqual(
      certificate(1).der,
    );
    expect(await second.settings.get('k')).toBe('v');
    await second.close();
    await expect(second.settings.get('k')).rejects.toMatchObject({
      code: 'store.unavailable',
      message: 'The database is closed.',
    });

    const view = await openPostgresView(connection);
    expect(await view.get('k')).toBe('v');
    await view.close();
  });

  test.each([
    ['although the server is set not to', 'off', 'on'],
    ['although the server is set not to afterwards', 'local', 'local'],
  ])('a commit waits for the disk %s', async (_when, atStart, expected) => {
    const set = (value: string) =>
      server.query(database, `ALTER DATABASE "${database}" SET synchronous_commit = ${value}`);
    await set(atStart);
    const stores = await openPostgresStores(connection);
    await set('off');
    await stores.settings.set('k', 'v');
    await server.query(
      database,
      `CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN NEW.value := current_setting('synchronous_commit'); RETURN NEW; END $$;
       CREATE TRIGGER tell BEFORE UPDATE ON settings FOR EACH ROW EXECUTE FUNCTION tell()`,
    );
    await stores.settings.set('k', 'w');
    expect(await stores.settings.get('k')).toBe(expected);
    await stores.close();
  });

  test('the audit trail can be neither changed nor emptied', async () => {
    const stores = await openPostgresStores(connection);
    await stores.enrollments.appendAudit(audit('e'));
    for (const sql of ["UPDATE audit SET event = 'f'", 'DELETE FROM audit', 'TRUNCATE audit'])
      await expect(server.query(database, sql)).rejects.toThrow('the audit trail is append-only');
    expect(await stores.enrollments.audit({})).toHaveLength(1);
    await stores.close();
  });

  test('a clock that is ahead opens the audit trail no farther than now, nor for good', async () => {
    const stores = await openPostgresStores(connection);
    const ahead = new Date(Date.now() + 3 * 365 * 86_400_000);
    await server.query(database, `INSERT INTO audit_retention VALUES (1, ${ahead.getTime()})`);
    await stores.retention.remove('audit', [], ahead, () => audit('e'));
    const opened = `SELECT before <= extract(epoch FROM clock_timestamp()) * 1000 AS now,
      before > extract(epoch FROM clock_timestamp()) * 1000 - 600000 AS just FROM audit_retention`;
    expect(await server.query(database, opened)).toEqual([{ now: true, just: true }]);
    await server.query(database, 'DELETE FROM audit_retention');
    await stores.retention.remove('audit', [], ahead, () => audit('e'));
    expect(await server.query(database, opened)).toEqual([{ now: true, just: true }]);
    await stores.close();
  });

  test('the quota of an account is what its challenges say, whatever happened', async () => {
    const stores = await openPostgresStores(connection);
    const { challenges } = stores;
    await Promise.all([
      ...Array.from({ length: 30 }, (_, n) => challenges.add(challenge(`a${n}`), 100)),
      ...Array.from({ length: 9 }, (_, n) =>
        challenges.add(challenge(`b${n}`, { account: 'other' }), 5),
      ),
    ]);
    await challenges.put(challenge('s', { account: 'other', maxUses: undefined }));
    await Promise.all([
      ...Array.from({ length: 10 }, (_, n) => challenges.reserve(challenge(`a${n}`).id, 't', noon)),
      ...[20, 21].map((n) => challenges.revoke(challenge(`a${n}`).id, noon)),
      challenges.put(challenge('s', { maxUses: undefined })),
    ]);
    await challenges.release(challenge('a0').id, 't');
    await challenges.prune(at(0));
    const rows = await server.query(
      database,
      `SELECT account, open FROM challenge_quotas ORDER BY account`,
    );
    const told = await server.query(
      database,
      'SELECT account, count(*) AS open FROM challenges WHERE counted GROUP BY account ORDER BY account',
    );
    expect(rows).toEqual(told);
    expect(rows).toEqual([
      { account: 'mdm', open: '20' },
      { account: 'other', open: '5' },
    ]);
    expect(await server.query(database, 'SELECT * FROM challenge_quota_changes')).toEqual([]);
    await stores.close();
  });

  test('one id for two challenges is our own mistake, and hurts no other order', async () => {
    const stores = await openPostgresStores(connection);
    const outcomes = await Promise.allSettled([
      stores.challenges.add(challenge('a'), 9),
      stores.challenges.add(challenge('a'), 9),
      stores.challenges.add(challenge('b'), 9),
    ]);
    const shown = outcomes.map((outcome) =>
      outcome.status === 'fulfilled' ? outcome.value : (outcome.reason as { code: string }).code,
    );
    expect([shown.slice(0, 2).sort(), shown[2]]).toEqual([['internal', true].sort(), true]);
    await stores.close();
  });

  test('a statement that a changed table made stale fails once, not for as long as its connection', async () => {
    const stores = await openPostgresStores({ ...connection, connections: 1 });
    await stores.settings.set('k', 'v');
    expect(await stores.settings.get('k')).toBe('v');
    await server.query(
      database,
      'ALTER TABLE settings ALTER COLUMN value TYPE varchar COLLATE "C"',
    );
    await expect(stores.settings.get('k')).rejects.toMatchObject({ code: 'store.unavailable' });
    expect(await stores.settings.get('k')).toBe('v');
    await stores.close();
  });

  test('a NUL in a subject is no reason to fail', async () => {
    const stores = await openPostgresStores(connection);
    await stores.enrollments.open(transaction('1', { subject: 'CN=a\0b' }), undefined);
    expect((await stores.enrollments.transaction(transaction('1').id))?.subject).toBe(
      'CN=a\u2400b',
    );
    await stores.close();
  });

  describe('what stands in the way is said at the start', () => {
    const opening = (changes: Partial<PostgresConnection>) =>
      openPostgresStores({ ...connection, ...changes });

    test('no server', async () => {
      await expect(opening({ host: '/nowhere' })).rejects.toMatchObject({
        code: 'store.unavailable',
        message: `The PostgreSQL database ${database} on /nowhere:5432 cannot be used: connect ENOENT /nowhere/.s.PGSQL.5432`,
        mend: 'Look whether the PostgreSQL server runs, and whether data.store.host and data.store.port lead to it.',
      });
    });

    test('no such database', async () => {
      await expect(opening({ database: 'nobody' })).rejects.toMatchObject({
        code: 'store.unavailable',
        message: expect.stringContaining('database "nobody" does not exist') as unknown,
        mend: expect.stringContaining('CREATE DATABASE') as unknown,
      });
    });

    test('no such role', async () => {
      await expect(opening({ user: 'nobody' })).rejects.toMatchObject({
        code: 'store.unavailable',
        message: expect.stringContaining('role "nobody" does not exist') as unknown,
        mend: expect.stringContaining('data.store.user') as unknown,
      });
    });

    test('no right to make tables', async () => {
      const ofOthers = server.connection('postgres');
      await expect(openPostgresStores(ofOthers)).rejects.toMatchObject({
        code: 'store.unavailable',
        message: expect.stringContaining('permission denied for schema public') as unknown,
        mend: expect.stringContaining('own the database') as unknown,
      });
    });
  });
});
