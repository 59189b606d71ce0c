import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { openSqliteStores, type Stores } from '../../src/store/index.js';
import { enrollmentStoreContract } from './enrollment-store.contract.js';
import { retentionStoreContract } from './retention-store.contract.js';
import { settingsStoreContract } from './settings-store.contract.js';

const directory = mkdtempSync(join(tmpdir(), 'sqlite-stores-'));
let files = 0;

afterAll(() => rmSync(directory, { recursive: true }));

function open(): Promise<Stores> {
  return openSqliteStores(join(directory, `${++files}.db`));
}

enrollmentStoreContract('SQLite', async () => {
  const stores = await open();
  return { store: stores.enrollments, close: () => stores.close() };
});

settingsStoreContract('SQLite', async () => {
  const stores = await open();
  return { store: stores.settings, close: () => stores.close() };
});

retentionStoreContract('SQLite', async () => {
  const stores = await open();
  return { stores, close: () => stores.close() };
});
