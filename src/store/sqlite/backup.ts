import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { GatewayError } from '../../errors/index.js';
import { openSqliteDriver, type SqliteDriver } from './driver.js';
import { requireReadableSchema } from './migration.js';
import { openToRead } from './read-only.js';
import { sqliteError } from './sqlite-error.js';
import { requireUnused } from './unused.js';
import { integrity } from './verify.js';

/**
 * Writes the database at `path`, as it is at one moment, into the new file `target` (mode 0600), beside a
 * gateway that works on. It is on the disk when it resolves.
 *
 * @throws GatewayError `cli.usage` where `target` cannot be made, `store.*`
 */
export async function backupSqlite(path: string, target: string): Promise<void> {
  reserve(target);
  try {
    // Not openToRead: a gateway may start meanwhile, and must find the file locked for reading.
    const driver = await openSqliteDriver(path, 'read-only');
    driver.exec('PRAGMA busy_timeout = 5000');
    await copyInto(driver, target);
    sync(dirname(target));
  } catch (error) {
    rmSync(target, { force: true });
    throw sqliteError(error);
  }
}

/**
 * Puts a backup in the place of the database at `path`, which nobody may have open. What was there is kept
 * beside it.
 *
 * @param options.forgotten settings that the restored database shall not have
 * @returns where what was there is now; undefined where there was nothing
 * @throws GatewayError `cli.not-found`; `store.unavailable` while the database is in use; `store.damaged` or
 *   `store.schema` for a backup that is none
 */
export async function restoreSqlite(
  path: string,
  source: string,
  { now, forgotten }: { readonly now: Date; readonly forgotten: readonly string[] },
): Promise<string | undefined> {
  requireFile(source);
  const fresh = `${path}.restoring`;
  try {
    rmSync(fresh, { force: true });
    reserve(fresh);
    // What lies in a -wal beside it belongs to it.
    await copyInto(await openToRead(source), fresh);
    await forget(fresh, forgotten);
    const kept = await setAside(path, now);
    renameSync(fresh, path);
    sync(dirname(path));
    return kept;
  } catch (error) {
    rmSync(fresh, { force: true });
    throw sqliteError(error);
  }
}

function requireFile(source: string): void {
  if (statSync(source, { throwIfNoEntry: false })?.isFile() === true) return;
  throw new GatewayError('cli.not-found', `There is no file ${source}.`, {
    mend: 'Name a file that `scep-gateway store backup` wrote.',
  });
}

function reserve(target: string): void {
  try {
    closeSync(openSync(target, 'wx', 0o600));
    chmodSync(target, 0o600);
  } catch (cause) {
    const { code = 'unknown reason' } = cause as NodeJS.ErrnoException;
    throw new GatewayError('cli.usage', `${target} cannot be made (${code}).`, {
      mend: 'Name a file that does not exist yet, in a folder that does.',
      cause,
    });
  }
}

/** Closes `driver`. Every page is read: what is damaged is found now, and not when it is needed. */
async function copyInto(driver: SqliteDriver, target: string): Promise<void> {
  try {
    requireReadableSchema(driver);
    // Not prepared: a statement that was not collected yet would keep the closed connection half open.
    driver.exec(`VACUUM INTO '${target.replaceAll("'", "''")}'`);
  } finally {
    driver.close();
  }
  const copy = await openToRead(target);
  try {
    const { fault } = integrity(copy);
    if (fault !== undefined)
      throw new GatewayError('store.damaged', 'The database is damaged.', {
        detail: fault,
        mend: 'Look with: scep-gateway store verify. Use another backup.',
      });
  } finally {
    copy.close();
  }
  sync(target);
}

async function forget(path: string, settings: readonly string[]): Promise<void> {
  const driver = await openSqliteDriver(path);
  try {
    for (const key of settings)
      driver.exec(`DELETE FROM settings WHERE key = '${key.replaceAll("'", "''")}'`);
  } finally {
    driver.close();
  }
  sync(path);
}

/**
 * With what lies beside it: the log of another database would be taken for its own.
 * @throws GatewayError `store.unavailable` while somebody has it open
 */
async function setAside(path: string, now: Date): Promise<string | undefined> {
  const isThere = existsSync(path);
  if (isThere) await requireUnused(path);
  const kept = `${path}.replaced-${now.toISOString().replace(/[-:]|\.\d+/g, '')}`;
  for (const suffix of ['-wal', '-shm', ''])
    if (existsSync(`${path}${suffix}`)) renameSync(`${path}${suffix}`, `${kept}${suffix}`);
  return isThere ? kept : undefined;
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
