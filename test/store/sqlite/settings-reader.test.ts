/** Reading a data directory leaves it as it is. */
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from '@jest/globals';
import { openSettingsReader, openSqliteStores } from '../../../src/store/index.js';
import { openSqliteDriver } from '../../../src/store/sqlite/driver.js';

const directory = mkdtempSync(join(tmpdir(), 'reader-'));
let folder: string;
let path: string;

beforeEach(() => {
  // A name that means something in a URI.
  folder = mkdtempSync(join(directory, 'a #1 ?x=%41-'));
  path = join(folder, 'gateway.db');
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Times of files aside: they change with what is written, not with what is looked at. */
function contents(): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder).map((name) => {
      const hash = createHash('sha256').update(readFileSync(join(folder, name)));
      return [name, hash.digest('hex')];
    }),
  );
}

async function written(value: string) {
  const stores = await openSqliteStores(path);
  await stores.settings.set('k', value);
  return stores;
}

/** As the process that wrote it leaves it when it ends: one file. */
async function leftAlone(): Promise<void> {
  await (await written('v')).close();
  const driver = await openSqliteDriver(path);
  driver.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  driver.close();
  const content = readFileSync(path);
  folder = join(folder, 'left');
  path = join(folder, 'gateway.db');
  mkdirSync(folder);
  writeFileSync(path, content);
}

test('a database that nobody has open: no file beside it, during and after', async () => {
  await leftAlone();
  const before = contents();
  const { mtimeMs } = statSync(folder);
  expect(Object.keys(before)).toEqual(['gateway.db']);
  const reader = await openSettingsReader(path);
  expect(await reader.get('k')).toBe('v');
  expect(await reader.get('other')).toBeUndefined();
  await reader.close();
  expect(contents()).toEqual(before);
  expect(statSync(folder).mtimeMs).toBe(mtimeMs);
});

test('one that a gateway has open: what it wrote last is seen, and stays where it is', async () => {
  await (await written('old')).close();
  const stores = await written('new');
  const before = contents();
  const reader = await openSettingsReader(path);
  expect(await reader.get('k')).toBe('new');
  await stores.settings.set('k', 'newer');
  expect(await reader.get('k')).toBe('newer');
  await reader.close();
  expect(Object.keys(contents())).toEqual(Object.keys(before));
  expect(contents()['gateway.db']).toBe(before['gateway.db']);
  await stores.close();
});

test('what is no database, or missing, is told and not made', async () => {
  await expect(openSettingsReader(path)).rejects.toMatchObject({ code: 'store.unavailable' });
  expect(readdirSync(folder)).toEqual([]);
  writeFileSync(path, 'no database at all, but long enough to look like one'.repeat(20));
  await expect(openSettingsReader(path)).rejects.toMatchObject({ code: 'store.schema' });
  expect(readdirSync(folder)).toEqual(['gateway.db']);
});
