import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { SettingsStore } from '../settings-store.js';
import { Database } from './database.js';
import { openSqliteDriver, type SqliteDriver } from './driver.js';
import { requireKnownSchema } from './migration.js';
import { SqliteSettingsStore } from './settings-store.js';
import { sqliteError } from './sqlite-error.js';

/** Settings to look at, beside a gateway that runs or without one. */
export interface SettingsReader extends Pick<SettingsStore, 'get'> {
  close(): void;
}

/**
 * Opens the database at `path` without writing anything: no record, no newer schema, no file beside it.
 *
 * @throws GatewayError `store.unavailable`, `store.damaged`, or `store.schema` for that of another release
 */
export async function openSettingsReader(path: string): Promise<SettingsReader> {
  try {
    const driver = await openToRead(path);
    try {
      driver.exec('PRAGMA busy_timeout = 5000');
      requireKnownSchema(driver);
    } catch (error) {
      driver.close();
      throw error;
    }
    const database = new Database(driver);
    const settings = new SqliteSettingsStore(database);
    return { get: (key) => settings.get(key), close: () => database.close() };
  } catch (error) {
    throw sqliteError(error);
  }
}

/**
 * A reader of a database that nobody has open would leave a `-wal` and a `-shm` behind, unless it is told that
 * nothing changes there (https://www.sqlite.org/uri.html, `immutable`). A gateway that starts meanwhile writes to
 * a `-wal` of its own.
 */
async function openToRead(path: string): Promise<SqliteDriver> {
  if (!existsSync(`${path}-wal`)) {
    try {
      return await openSqliteDriver(`${pathToFileURL(path).href}?immutable=1`, 'read-only');
    } catch {
      // node:sqlite before 22.15 knows no URIs; what else is wrong shows again.
    }
  }
  return openSqliteDriver(path, 'read-only');
}
