/** A file of SQLite into PostgreSQL: everything or nothing. */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { types } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { openSqliteStores, type ChallengeId } from '../../src/store/index.js';
import { openPostgresStores } from '../../src/store/postgres/index.js';
import {
  copySqliteToPostgres,
  verifyPostgres,
  verifySqlite,
} from '../../src/store/upkeep/index.js';
import { copiedTables } from '../../src/store/sql/copied-tables.js';
import { openSqliteDriver } from '../../src/store/sqlite/driver.js';
import { describeWithPostgres, startPostgres, type PostgresServer } from '../support/postgres.js';
import { at, audit, certificate, challenge, noon, transaction } from './records.js';

/** More than two parts of a table. */
const many = 450;

describeWithPostgres('copying a file into PostgreSQL', () => {
  let server: PostgresServer;
  let directory: string;
  let filled: string;
  let file: string;
  let database: string;
  let files = 0;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'store-copy-'));
    filled = join(directory, 'filled.db');
    await fill(filled);
    server = await startPostgres();
  });
  afterAll(async () => {
    await server.remove();
    rmSync(directory, { recursive: true });
  });
  beforeEach(async () => {
    database = await server.createDatabase();
    file = unused(filled);
  });

  /** What this process had open and closed counts as open until its statements are collected. */
  function unused(path: string): string {
    const copied = join(directory, `${++files}.db`);
    for (const suffix of ['', '-wal'])
      if (existsSync(`${path}${suffix}`)) copyFileSync(`${path}${suffix}`, `${copied}${suffix}`);
    return copied;
  }

  const copy = (
    progress: (copied: number, all: number) => void = () => undefined,
    from = file,
    settings: Readonly<Record<string, string>> = { 'store.owner': 'us' },
  ) =>
    copySqliteToPostgres(from, server.connection(database), {
      now: noon,
      settings,
      progress,
    });

  const tables = async () =>
    (
      await server.query(
        database,
        `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace`,
      )
    ).length;

  test('has every row of every table, as it was', async () => {
    const told: string[] = [];
    const copied = await copy((done, all) => told.push(`${done}/${all}`));
    expect(copied).toMatchObject({
      challenges: many + 3,
      transaction_holds: 2,
      transactions: many,
      certificates: many,
      certificate_bytes: many,
      audit: many + 1,
      accounts: 1,
      api_tokens: 1,
      counters: 2,
      settings: 1,
    });
    const all = Object.values(copied).reduce((sum, count) => sum + count, 0);
    expect(told.at(-1)).toBe(`${all}/${all}`);
    expect(told.length).toBeGreaterThan(12);

    const driver = await openSqliteDriver(file, 'read-only');
    for (const { name, key } of copiedTables) {
      const order = key.join(', ');
      const before = driver.prepare(`SELECT * FROM ${name} ORDER BY ${order}`).all();
      const after = await server.query(
        database,
        `SELECT * FROM ${name} WHERE to_jsonb(${name}) ->> 'key' IS DISTINCT FROM 'store.owner'
         ORDER BY ${order.replace('row', 'seq')}`,
      );
      expect(after.map(comparable)).toEqual(before.map(comparable));
    }
    driver.close();
    const { checks } = await verifyPostgres(server.connection(database));
    expect(checks.filter(({ fault }) => fault !== undefined)).toEqual([]);
  });

  test('lives on: numbers, quotas, holds and the trail', async () => {
    await copy();
    const stores = await openPostgresStores(server.connection(database), { whenEmpty: 'refuse' });
    const { challenges, enrollments, settings } = stores;
    expect(await settings.get('store.owner')).toBe('us');
    expect(await settings.next('crl')).toBe(3);
    expect(await challenges.isHeld('reserved' as ChallengeId, 't1')).toBe(true);
    expect(await challenges.reserve('spent' as ChallengeId, 'other', noon)).toEqual({
      kind: 'refused',
      reason: 'used',
    });
    expect(await challenges.reserve('c1' as ChallengeId, 'other', noon)).toEqual({
      kind: 'reserved',
    });
    // One place became free just now, and the static challenge has one.
    expect(await challenges.add(challenge('new-1'), many + 1)).toBe(true);
    expect(await challenges.add(challenge('new-2'), many + 1)).toBe(false);
    expect(await challenges.prune(at(61))).toBe(many + 1);
    const kept = await enrollments.transaction(transaction('n7').id);
    expect(kept?.csr).toEqual(Buffer.from([0x30, 0x00, 0xff]));
    await enrollments.open(transaction('later'), audit('enrollment.authorized'));
    expect((await enrollments.audit({ limit: 1 }))[0]?.event).toBe('enrollment.authorized');
    await expect(server.query(database, 'DELETE FROM audit')).rejects.toThrow('append-only');
    await stores.close();
  });

  test('that breaks off leaves the database as empty as it was, and can be begun anew', async () => {
    let stopped: Promise<void> | undefined;
    const broken = copy((copied) => {
      if (copied > many) stopped ??= server.stop('immediate');
    });
    await expect(broken).rejects.toMatchObject({ code: 'store.unavailable' });
    await stopped;
    await server.start();
    expect(await tables()).toBe(0);
    expect((await copy(undefined, unused(filled)))['transactions']).toBe(many);
  });

  test('goes into nothing that holds something', async () => {
    const stores = await openPostgresStores(server.connection(database));
    await stores.settings.set('a', '1');
    await stores.enrollments.appendAudit(audit('ca.made'));
    await expect(copy()).rejects.toMatchObject({
      code: 'store.schema',
      message: 'The database is not empty: audit 1, settings 1.',
    });
    await stores.close();
  });

  test('goes into tables that are empty, not beside those of something else', async () => {
    const stores = await openPostgresStores(server.connection(database));
    await stores.close();
    expect((await copy())['certificates']).toBe(many);

    database = await server.createDatabase();
    file = unused(filled);
    await server.query(database, 'CREATE TABLE public.foreign_one (n int)');
    await expect(copy()).rejects.toMatchObject({
      code: 'store.schema',
      message: 'The database holds tables of something else.',
    });
  });

  test('needs the file for itself', async () => {
    const stores = await openSqliteStores(file);
    await stores.settings.get('a');
    await expect(copy()).rejects.toMatchObject({
      code: 'store.unavailable',
      message: 'The database is in use.',
      mend: 'Stop every gateway and command that works on the data directory, and try again.',
    });
    await stores.close();

    file = unused(filled);
    let started: Promise<unknown> | undefined;
    await copy(() => {
      started ??= openSqliteStores(file, { busyTimeoutMs: 0 }).catch((error: unknown) => error);
    });
    expect(await started).toMatchObject({ code: 'store.unavailable' });
    const { checks } = await verifySqlite(file);
    expect(checks.filter(({ fault }) => fault !== undefined)).toEqual([]);
  });

  test('finds what is not sound, and keeps nothing of it', async () => {
    const stores = await openSqliteStores(join(directory, 'unsound.db'));
    await stores.close();
    const driver = await openSqliteDriver(join(directory, 'unsound.db'));
    driver.exec(`INSERT INTO certificates (thumbprint, serial, issuer_digest, subject, san_text, key_id,
      profile, issuer, transaction_id, not_before, not_after, issued_at)
      VALUES ('A', '1', 'b', 'CN=x', '', 'c', 'p', 'i', 't', 1, 2, 1)`);
    driver.close();
    await expect(copy(undefined, unused(join(directory, 'unsound.db')))).rejects.toMatchObject({
      code: 'store.damaged',
      message: 'The copy is not sound: certificates have their bytes: not so for 1.',
    });
    expect(await tables()).toBe(0);
  });
});

async function fill(path: string): Promise<void> {
  const { challenges, enrollments, settings, close } = await openStores(path);
  await Promise.all(
    Array.from({ length: many }, (_, n) => [
      challenges.add(challenge(`c${n}`, { binding: { san: [`dns:${n}.example`] } }), many),
      enrollments.open(transaction(`n${n}`, { subject: `CN=dévice-${n}` }), audit(`e${n}`)),
      enrollments.addCertificate(certificateOf(n)),
    ]).flat(),
  );
  await challenges.put(challenge('static', { expiresAt: undefined, maxUses: undefined }));
  for (const [id, transactionOf] of [
    ['reserved', 't1'],
    ['spent', 't2'],
  ] as const) {
    await challenges.add(challenge(id), many + 9);
    await challenges.reserve(id as ChallengeId, transactionOf, noon);
  }
  await challenges.confirm('spent' as ChallengeId, 't2');
  await enrollments.revoke(certificateOf(3).thumbprint, 1, audit('certificate.revoked'));
  await settings.set('issuer.local', '{"a":1}');
  await settings.next('crl');
  await settings.next('crl');
  const account = { name: 'mdm', passwordHash: 'scrypt$', roles: ['admin'], createdAt: noon };
  await settings.putAccount(account);
  await settings.putToken({
    id: 'token',
    account: 'mdm',
    digest: 'd',
    createdAt: noon,
    expiresAt: undefined,
    profiles: ['default'],
  });
  await close();
}

function certificateOf(n: number) {
  const hex = n.toString(16).toUpperCase();
  return certificate(n, { thumbprint: hex.padStart(64, '0'), serial: hex.padStart(32, '0') });
}

async function openStores(path: string) {
  const stores = await openSqliteStores(path);
  return { ...stores, close: () => stores.close() };
}

/** Numbers of 64 bits are texts to this client, octets are of two kinds, truth is a number in SQLite. */
function comparable(row: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name === 'seq' ? 'row' : name,
      types.isUint8Array(value)
        ? Buffer.from(value).toString('hex')
        : String(typeof value === 'boolean' ? Number(value) : value),
    ]),
  );
}
