import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openSqliteStores, type Stores } from '../../../src/store/index.js';
import {
  backupSqlite,
  migrateSqlite,
  restoreSqlite,
  verifySqlite,
} from '../../../src/store/upkeep/index.js';
import { openSqliteDriver } from '../../../src/store/sqlite/driver.js';
import { schemaSteps } from '../../../src/store/sqlite/schema.js';
import { audit, certificate, challenge, noon, transaction } from '../records.js';

const base = mkdtempSync(join(tmpdir(), 'backup-'));
let directory: string;
let path: string;
let target: string;

beforeEach(() => {
  directory = mkdtempSync(join(base, 'data-'));
  path = join(directory, 'gateway.db');
  target = join(directory, 'copy.db');
});
afterAll(() => rmSync(base, { recursive: true }));

async function withStores(work: (stores: Stores) => Promise<unknown>): Promise<void> {
  const stores = await openSqliteStores(path);
  await work(stores);
  await stores.close();
}

async function raw(sql: string): Promise<void> {
  const driver = await openSqliteDriver(path);
  driver.exec('PRAGMA foreign_keys = OFF');
  driver.exec(sql);
  driver.close();
}

async function fill({ challenges, enrollments, settings }: Stores): Promise<void> {
  await challenges.add(challenge('a'), 1);
  await challenges.reserve(challenge('a').id, 't', noon);
  await enrollments.open(transaction('1'), audit('opened'));
  await enrollments.conclude({
    transaction: transaction('1').id,
    state: { kind: 'issued', certificate: certificate(1).thumbprint },
    certificate: certificate(1),
    audit: audit('issued'),
    now: noon,
  });
  await settings.set('k', 'then');
}

/**
 * As another process left it. Within this one @photostructure/sqlite keeps a closed file open until its
 * statements are collected.
 */
function leftByAnotherProcess(): string {
  const copy = join(mkdtempSync(join(base, 'left-')), 'gateway.db');
  for (const suffix of ['', '-wal'])
    if (existsSync(`${path}${suffix}`)) copyFileSync(`${path}${suffix}`, `${copy}${suffix}`);
  return copy;
}

const valueOf = async (file: string) => {
  const stores = await openSqliteStores(file);
  const value = await stores.settings.get('k');
  await stores.close();
  return value;
};

describe('backup', () => {
  test('is complete, private and of one moment, beside a gateway that works on', async () => {
    await withStores(async (stores) => {
      await fill(stores);
      await backupSqlite(path, target);
      await stores.settings.set('k', 'now');
    });
    expect((statSync(target).mode & 0o777).toString(8)).toBe('600');
    expect(await verifySqlite(target)).toMatchObject({
      records: { certificates: 1, transactions: 1, challenges: 1, audit: 2 },
    });
    expect(await valueOf(target)).toBe('then');
    expect(await valueOf(path)).toBe('now');
  });

  test('writes over nothing', async () => {
    await withStores(fill);
    writeFileSync(target, 'mine');
    await expect(backupSqlite(path, target)).rejects.toMatchObject({
      code: 'cli.usage',
      message: `${target} cannot be made (EEXIST).`,
    });
    expect(readFileSync(target, 'utf8')).toBe('mine');
  });

  test('of something else leaves nothing behind', async () => {
    writeFileSync(path, 'no database, whatever its name says'.repeat(200));
    await expect(backupSqlite(path, target)).rejects.toMatchObject({ code: 'store.schema' });
    expect(existsSync(target)).toBe(false);
  });
});

describe('restore', () => {
  const now = { now: noon, forgotten: ['forgotten'] };

  beforeEach(async () => {
    await withStores(fill);
    await backupSqlite(path, target);
    await withStores(({ settings }) => settings.set('k', 'later'));
    path = leftByAnotherProcess();
  });

  test('brings back what was, and keeps what is', async () => {
    const kept = await restoreSqlite(path, target, now);
    expect(kept).toBe(`${path}.replaced-20260601T120000Z`);
    expect(await valueOf(path)).toBe('then');
    expect(await valueOf(kept ?? '')).toBe('later');
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
  });

  test('forgets settings of that time that are true no more', async () => {
    await withStores(({ settings }) => settings.set('forgotten', 'true then'));
    const source = path;
    path = join(directory, 'restored.db');
    await restoreSqlite(path, source, now);
    await withStores(async ({ settings }) => {
      expect(await settings.get('forgotten')).toBeUndefined();
      expect(await settings.get('k')).toBe('later');
    });
  });

  test('in the place of nothing', async () => {
    rmSync(path);
    expect(await restoreSqlite(path, target, now)).toBeUndefined();
    expect(await valueOf(path)).toBe('then');
  });

  test('in the place of what is damaged', async () => {
    truncateSync(path, 5000);
    expect(await restoreSqlite(path, target, now)).toMatch(/replaced/);
    expect(await valueOf(path)).toBe('then');
  });

  test('takes what lies in the log beside a copied file', async () => {
    const source = path;
    const stores = await openSqliteStores(source);
    await stores.settings.set('k', 'in the log');
    const copy = leftByAnotherProcess();
    expect(statSync(`${copy}-wal`).size).toBeGreaterThan(0);
    await stores.close();
    path = join(directory, 'new.db');
    await restoreSqlite(path, copy, now);
    expect(await valueOf(path)).toBe('in the log');
  });

  test('waits for nobody: while a gateway has the database open, nothing is changed', async () => {
    const stores = await openSqliteStores(path);
    await expect(restoreSqlite(path, target, now)).rejects.toMatchObject({
      code: 'store.unavailable',
      message: 'The database is in use.',
    });
    expect(await stores.settings.get('k')).toBe('later');
    await stores.settings.set('k', 'still');
    await stores.close();
    expect(await valueOf(path)).toBe('still');
    expect(readdirSync(directory).filter((name) => name.includes('restor'))).toEqual([]);
  });

  test('refuses a backup that is damaged, newer or none', async () => {
    const damaged = join(directory, 'damaged.db');
    const bytes = readFileSync(target);
    writeFileSync(damaged, bytes.fill(0xa5, 4096 * 3, 4096 * 20));
    await expect(restoreSqlite(path, damaged, now)).rejects.toMatchObject({
      code: 'store.damaged',
    });
    writeFileSync(damaged, 'text');
    await expect(restoreSqlite(path, damaged, now)).rejects.toMatchObject({
      code: 'store.schema',
    });
    await expect(restoreSqlite(path, join(directory, 'nobody'), now)).rejects.toMatchObject({
      code: 'cli.not-found',
    });
    await raw('INSERT INTO schema_versions VALUES (99, 0)');
    await expect(restoreSqlite(join(directory, 'x.db'), path, now)).rejects.toMatchObject({
      code: 'store.schema',
    });
  });
});

describe('verify', () => {
  const faults = async () =>
    (await verifySqlite(path)).checks.flatMap(({ name, fault }) => fault && `${name}: ${fault}`);

  test('finds nothing in a sound database, and changes nothing', async () => {
    await withStores(fill);
    const before = readFileSync(path);
    expect(await verifySqlite(path)).toEqual({
      engine: expect.stringMatching(/^SQLite 3\./) as unknown,
      schema: schemaSteps.length,
      records: { certificates: 1, transactions: 1, challenges: 1, audit: 2 },
      checks: [
        'pages and indexes are sound',
        'references lead to records',
        'issued requests have their certificate',
        'certificates have their bytes',
        'challenges have a use for each request that holds one',
        'quotas are what the challenges say',
      ].map((name) => ({ name, fault: undefined })),
    });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test.each([
    ['DELETE FROM certificates', 'references lead to records: not so for 1'],
    ['DELETE FROM certificate_bytes', 'certificates have their bytes: not so for 1'],
    [
      "UPDATE transactions SET certificate = 'x'",
      'issued requests have their certificate: not so for 1',
    ],
    [
      'UPDATE challenges SET uses = 0',
      'challenges have a use for each request that holds one: not so for 1',
    ],
    ['UPDATE challenge_quotas SET open = 7', 'quotas are what the challenges say: not so for 1'],
  ])('%s', async (sql, fault) => {
    await withStores(fill);
    await raw(sql);
    expect(await faults()).toContain(fault);
  });
});

test('migrate tells from where to where', async () => {
  const to = schemaSteps.length;
  expect(await migrateSqlite(path, noon)).toEqual({ from: 0, to });
  expect(await migrateSqlite(path, noon)).toEqual({ from: to, to });
});
