import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { recordsSince, recordsSinceKey } from '../../src/gateway/records-since.js';
import { openSqliteStores, type Stores } from '../../src/store/index.js';
import { at, noon } from '../store/records.js';

let directory: string;
let stores: Stores;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'records-since-'));
  stores = await openSqliteStores(join(directory, 'gateway.db'));
});
afterEach(async () => {
  await stores.close();
  rmSync(directory, { recursive: true });
});

test('is the first start, for those that start together and those that come later', async () => {
  const starts = [0, 1, 2].map((minutes) => recordsSince(stores.settings, 'here', at(minutes)));
  const [first] = await Promise.all(starts);
  expect(await Promise.all(starts)).toEqual([first, first, first]);
  expect(await recordsSince(stores.settings, 'here', at(99))).toEqual(first);
});

test('begins anew where the records are in another place', async () => {
  expect(await recordsSince(stores.settings, '', noon)).toEqual(noon);
  expect(await recordsSince(stores.settings, '', at(1))).toEqual(noon);
  expect(await recordsSince(stores.settings, 'there', at(2))).toEqual(at(2));
  expect(await recordsSince(stores.settings, 'there', at(3))).toEqual(at(2));
});

test('begins anew where nobody can read it', async () => {
  await stores.settings.set(recordsSinceKey, 'once upon a time');
  expect(await recordsSince(stores.settings, '', noon)).toEqual(noon);
});
