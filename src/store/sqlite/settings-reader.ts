import type { SettingsReader } from '../stores.js';
import { Database } from './database.js';
import { requireKnownSchema } from './migration.js';
import { openToRead } from './read-only.js';
import { SqliteSettingsStore } from './settings-store.js';
import { sqliteError } from './sqlite-error.js';

/**
 * Opens the database at `path` without writing anything: no record, no newer schema, no file beside it.
 *
 * @throws GatewayError `store.unavailable`, `store.damaged`, or `store.schema` for that of another release
 */
export async function openSettingsReader(path: string): Promise<SettingsReader> {
  try {
    const driver = await openToRead(path);
    try {
      requireKnownSchema(driver);
    } catch (error) {
      driver.close();
      throw error;
    }
    const database = new Database(driver);
    const settings = new SqliteSettingsStore(database);
    return {
      get: (key) => settings.get(key),
      close: () => database.close(),
    };
  } catch (error) {
    throw sqliteError(error);
  }
}
