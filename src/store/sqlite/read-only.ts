import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { openSqliteDriver, type SqliteDriver } from './driver.js';

/**
 * A reader of a database that nobody has open would leave a `-wal` and a `-shm` behind, unless it is told that
 * nothing changes there (https://www.sqlite.org/uri.html, `immutable`). A gateway that starts meanwhile writes to
 * a `-wal` of its own.
 */
export async function openToRead(path: string): Promise<SqliteDriver> {
  const driver = await openAsItIs(path);
  driver.exec('PRAGMA busy_timeout = 5000');
  return driver;
}

async function openAsItIs(path: string): Promise<SqliteDriver> {
  if (!existsSync(`${path}-wal`)) {
    try {
      return await openSqliteDriver(`${pathToFileURL(path).href}?immutable=1`, 'read-only');
    } catch {
      // node:sqlite before 22.15 knows no URIs; what else is wrong shows again.
    }
  }
  return openSqliteDriver(path, 'read-only');
}
