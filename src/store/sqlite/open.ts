import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { GatewayError } from '../../errors/index.js';
import type { Stores } from '../stores.js';
import type { Migration } from '../verification.js';
import { SqliteChallengeStore } from './challenge-store.js';
import { CheckpointThread } from './checkpoint-thread.js';
import { Database } from './database.js';
import { openSqliteDriver, type SqliteDriver } from './driver.js';
import { SqliteEnrollmentStore } from './enrollment-store.js';
import { migrate } from './migration.js';
import { SqliteRetentionStore } from './retention-store.js';
import { SqliteSettingsStore } from './settings-store.js';
import { sqliteError } from './sqlite-error.js';
import { WriteAheadLog } from './write-ahead-log.js';

export interface SqliteStoreOptions {
  readonly clock?: () => Date;
  /** How long a write waits for another process that holds the write lock; 5 seconds. */
  readonly busyTimeoutMs?: number;
}

/**
 * Opens or makes the database file at `path` (mode 0600, its directory 0700 when it has to be made).
 * Several processes may hold it open: readers see what is committed, writers wait for each other.
 *
 * @throws GatewayError `store.unavailable` or `store.schema`
 */
export async function openSqliteStores(
  path: string,
  options: SqliteStoreOptions = {},
): Promise<Stores> {
  const now = options.clock?.() ?? new Date();
  const { database } = await openDatabase(path, now, options.busyTimeoutMs ?? 5000);
  return {
    challenges: new SqliteChallengeStore(database),
    enrollments: new SqliteEnrollmentStore(database),
    settings: new SqliteSettingsStore(database),
    retention: new SqliteRetentionStore(database),
    listen: (listener) => database.listen(listener),
    close: () => database.close(),
  };
}

/**
 * Brings the schema of the database at `path` up to date and does nothing else.
 * @throws GatewayError as `openSqliteStores`
 */
export async function migrateSqlite(path: string, now: Date): Promise<Migration> {
  const { database, migration } = await openDatabase(path, now, 5000);
  await database.close();
  return migration;
}

async function openDatabase(path: string, now: Date, busyTimeoutMs: number) {
  try {
    makePrivateFile(path);
    const driver = await openSqliteDriver(path);
    try {
      prepareConnection(driver, busyTimeoutMs);
      const migration = migrate(driver, now);
      const disk = await WriteAheadLog.beside(path);
      const thread = new CheckpointThread(path);
      return { database: new Database(driver, disk, busyTimeoutMs, thread), migration };
    } catch (error) {
      driver.close();
      throw error;
    }
  } catch (error) {
    throw sqliteError(error);
  }
}

/**
 * SQLite gives its -wal and -shm files the mode of the database file. An existing file is never opened
 * here: closing it would drop the POSIX locks of every connection this process has to it.
 */
function makePrivateFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}

/** synchronous=NORMAL: who waits for the disk after COMMIT is the WriteAheadLog. */
function prepareConnection(driver: SqliteDriver, busyTimeoutMs: number): void {
  driver.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  const mode = driver.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'];
  if (mode !== 'wal')
    throw new GatewayError(
      'store.unavailable',
      'The database cannot have a write-ahead log here.',
      {
        mend: 'Keep the data directory on a disk of this machine, not on a network file system.',
      },
    );
  driver.exec('PRAGMA synchronous = NORMAL');
  driver.exec('PRAGMA foreign_keys = ON');
  driver.exec('PRAGMA trusted_schema = OFF');
  driver.exec('PRAGMA temp_store = MEMORY');
  driver.exec('PRAGMA cache_size = -4096');
}
