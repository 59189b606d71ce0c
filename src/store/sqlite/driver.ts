import { createRequire, isBuiltin } from 'node:module';
import { GatewayError } from '../../errors/index.js';
import type { SqlRow } from '../sql/row.js';

export type SqlValue = null | number | bigint | string | NodeJS.ArrayBufferView;

export interface SqliteStatement {
  run(...values: SqlValue[]): { readonly changes: number | bigint };
  get(...values: SqlValue[]): SqlRow | undefined;
  all(...values: SqlValue[]): SqlRow[];
}

/** The part of node:sqlite's DatabaseSync that the stores use. */
export interface SqliteDriver {
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  close(): void;
}

interface SqliteModule {
  readonly DatabaseSync: new (
    path: string,
    options: { readonly readOnly: boolean },
  ) => SqliteDriver;
}

/**
 * Opens `path` with node:sqlite where this Node has it (22.13 and newer), else with the prebuilt package
 * of the same interface. Loaded on demand: a gateway without a database file needs neither.
 *
 * @throws GatewayError `store.unavailable` when neither loads or the file cannot be opened
 */
export async function openSqliteDriver(
  path: string,
  use: 'read-write' | 'read-only' = 'read-write',
): Promise<SqliteDriver> {
  const { DatabaseSync } = await loadSqlite();
  return new DatabaseSync(path, { readOnly: use === 'read-only' });
}

/** What `require` finds it under, wherever it is called. */
export function sqliteModule(): string {
  return isBuiltin('node:sqlite')
    ? 'node:sqlite'
    : createRequire(import.meta.url).resolve('@photostructure/sqlite');
}

async function loadSqlite(): Promise<SqliteModule> {
  try {
    return isBuiltin('node:sqlite')
      ? await import('node:sqlite')
      : await import('@photostructure/sqlite');
  } catch (cause) {
    throw new GatewayError('store.unavailable', 'No SQLite is at hand in this Node.', {
      cause,
      detail: `Node ${process.version} on ${process.platform}-${process.arch}: neither node:sqlite nor @photostructure/sqlite loads`,
      mend: 'Run Node 22.13 or newer, or install the package again so that @photostructure/sqlite 1 is there for this platform.',
    });
  }
}

/** After a failed transaction, whatever is left of it: SQLite may have rolled back by itself. */
export function rollBack(driver: SqliteDriver): void {
  try {
    driver.exec('ROLLBACK');
  } catch {
    // No transaction was open any more.
  }
}
