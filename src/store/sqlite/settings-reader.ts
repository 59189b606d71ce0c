import type { SettingsStore } from '../settings-store.js';
import { Database } from './database.js';
import { openSqliteDriver } from './driver.js';
import { requireKnownSchema } from './migration.js';
import { SqliteSettingsStore } from './settings-store.js';
import { sqliteError } from './sqlite-error.js';

/** Settings to look at, beside a gateway that runs or without one. */
export interface SettingsReader extends Pick<SettingsStore, 'get'> {
  close(): Promise<void>;
}

/**
 * Opens the database at `path` without writing a record or bringing its schema up to date.
 *
 * @throws GatewayError `store.unavailable`, `store.damaged`, or `store.schema` for that of another release
 */
export async function openSettingsReader(path: string): Promise<SettingsReader> {
  try {
    const driver = await openSqliteDriver(path, 'read-only');
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
