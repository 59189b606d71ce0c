import { GatewayError } from '../../errors/index.js';
import { Row } from '../sql/row.js';
import { openSqliteDriver } from './driver.js';
import { isBusy } from './sqlite-error.js';

/**
 * SQLite takes a database out of WAL mode only when no one else has it open. One that is too damaged to
 * tell is what a restore is for.
 *
 * @throws GatewayError `store.unavailable`
 */
export async function requireUnused(path: string): Promise<void> {
  const driver = await openSqliteDriver(path);
  try {
    driver.exec('PRAGMA busy_timeout = 0');
    const mode = new Row(driver.prepare('PRAGMA journal_mode = DELETE').get() ?? {});
    if (mode.text('journal_mode') !== 'wal') return;
  } catch (error) {
    if (!isBusy(error)) return;
  } finally {
    driver.close();
  }
  throw new GatewayError('store.unavailable', 'The database is in use.', {
    mend: 'Stop every gateway and command that works on the data directory, and try again.',
  });
}
