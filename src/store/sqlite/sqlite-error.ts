import { GatewayError, isGatewayError, messageOf } from '../../errors/index.js';

/** Primary result codes, https://sqlite.org/rescode.html */
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_CONSTRAINT = 19;
const SQLITE_MISMATCH = 20;
const SQLITE_NOTADB = 26;

/**
 * A fault of the database as the house sees it. A broken constraint is our own mistake and stays wrong
 * when tried again; everything else (busy, full, read-only, I/O) may pass: 503, never FAILURE.
 */
export function sqliteError(cause: unknown): GatewayError {
  if (isGatewayError(cause)) return cause;
  const code = primaryResultCode(cause);
  const detail = messageOf(cause);
  if (code === SQLITE_CONSTRAINT || code === SQLITE_MISMATCH)
    return new GatewayError('internal', 'The record contradicts what is stored.', {
      cause,
      detail,
    });
  if (code === SQLITE_CORRUPT)
    return new GatewayError('store.damaged', 'The database is damaged.', {
      cause,
      detail,
      mend: 'Stop the gateway, keep a copy of the data directory, and restore gateway.db from a backup.',
    });
  if (code === SQLITE_NOTADB)
    return new GatewayError('store.schema', 'The file is not an SQLite database.', {
      cause,
      detail,
      mend: 'Point the gateway at its own data directory, or restore the database from a backup.',
    });
  return new GatewayError('store.unavailable', 'The database cannot be used now.', {
    cause,
    detail,
    mend: 'Look for a full disk, a read-only directory or another process that holds the database.',
  });
}

/** Another connection has it. */
export function isBusy(error: unknown): boolean {
  return primaryResultCode(error) === SQLITE_BUSY;
}

function primaryResultCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}
