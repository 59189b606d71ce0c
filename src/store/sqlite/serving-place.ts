import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GatewayError, isGatewayError, messageOf } from '../../errors/index.js';
import { openSqliteDriver, type SqliteDriver } from './driver.js';
import { isBusy } from './sqlite-error.js';

/** One of those who may serve a data directory at the same time. */
export type ServingPlace =
  | { readonly kind: 'held'; readonly leave: () => void }
  /** Who has them, as they call themselves. */
  | { readonly kind: 'taken'; readonly holders: readonly string[] };

/**
 * Takes the first of `places` that is free in `directory`, which must exist. It is a lock of the kernel on
 * an empty file, so it ends with its process, however that ends, and no number of a process that is long
 * gone stands in anybody's way.
 *
 * @param name tells people who holds it
 * @throws GatewayError `store.unavailable`
 */
export async function takeServingPlace(
  directory: string,
  places: number,
  name: string,
): Promise<ServingPlace> {
  const holders: string[] = [];
  for (let place = 1; place <= places; place++) {
    const file = join(directory, `serving-${place}`);
    const leave = await lock(`${file}.lock`);
    if (leave) {
      // For people only: what cannot be written keeps nobody from serving.
      await writeFile(`${file}.holder`, name, { mode: 0o600 }).catch(() => undefined);
      return { kind: 'held', leave };
    }
    // It may be about to write it.
    holders.push((await readFile(`${file}.holder`, 'utf8').catch(() => '')) || '?');
  }
  return { kind: 'taken', holders };
}

/** Node locks no files; SQLite does, and an empty file is an empty database. No journal: nothing is written. */
async function lock(file: string): Promise<(() => void) | undefined> {
  let driver: SqliteDriver | undefined;
  try {
    driver = await openSqliteDriver(file);
    driver.exec('PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE');
    return driver.close.bind(driver);
  } catch (error) {
    driver?.close();
    if (isBusy(error)) return undefined;
    if (isGatewayError(error)) throw error;
    throw new GatewayError('store.unavailable', `The file ${file} cannot be locked.`, {
      cause: error,
      detail: messageOf(error),
      mend: 'Look for a full disk or a read-only directory, and let the user of the gateway own the data directory with everything in it.',
    });
  }
}
