import { GatewayError, isGatewayError } from '../../errors/index.js';

/**
 * A fault of the database as the house sees it: SQLSTATE codes of
 * https://www.postgresql.org/docs/15/errcodes-appendix.html, or an error of Node where no server spoke.
 * What contradicts the data is our own mistake and stays wrong when tried again; everything else (server
 * gone, full disk, locks, rights) may pass: 503, never FAILURE.
 */
export function postgresError(cause: unknown): GatewayError {
  if (isGatewayError(cause)) return cause;
  const code = codeOf(cause);
  const detail = detailOf(cause, code);
  if (isContradiction(code))
    return new GatewayError('internal', 'The record contradicts what is stored.', {
      cause,
      detail,
    });
  if (code.startsWith('XX'))
    return new GatewayError('store.damaged', 'The database is damaged.', {
      cause,
      detail,
      mend: 'Look at the log of the PostgreSQL server; restore the database from a backup.',
    });
  return new GatewayError('store.unavailable', 'The database cannot be used now.', {
    cause,
    detail,
    mend: mendOf(code, detail),
  });
}

/** The server chose this transaction to give way (40001, 40P01): nothing of it happened, it may be run again. */
export function mustRunAgain(error: unknown): boolean {
  return ['40001', '40P01'].includes(codeOf(error));
}

/** Integrity (23), data (22), and statements that this schema does not know (42, but not rights: 42501). */
function isContradiction(code: string): boolean {
  return /^(22|23|42)...$/.test(code) && code !== '42501';
}

function mendOf(code: string, detail: string): string {
  const known = mends[code] ?? mends[code.slice(0, 2)];
  if (known !== undefined) return known;
  if (/^SASL|password/i.test(detail)) return signInMend;
  if (/certificate|SSL|TLS/i.test(`${code} ${detail}`))
    return 'Look at data.store.tls: `ca` must hold the CA of the server certificate, and `host` or `serverName` a name in it.';
  return 'Look whether the PostgreSQL server runs, and whether data.store.host and data.store.port lead to it.';
}

const signInMend =
  'Look at data.store.user and data.store.password, and at pg_hba.conf of the server.';

const mends: Readonly<Record<string, string>> = Object.assign(Object.create(null), {
  '25': 'The server lets nobody write: it is a standby, or set to read-only. Point data.store.host at the primary.',
  '28': signInMend,
  '3D': 'Look at data.store.database, or make it: CREATE DATABASE … OWNER … ENCODING UTF8.',
  '3F': 'The role has no schema to work in: look at its search_path.',
  '42501':
    'Let data.store.user own the database, or grant it CREATE on the schema and everything on its tables.',
  '53': 'The PostgreSQL server is out of disk, memory or connections: look at its log.',
  '55P03': 'Another session holds a lock for too long: look at pg_stat_activity.',
  '57014':
    'A statement took longer than data.store.statementSeconds: look at the load of the server.',
} satisfies Record<string, string>) as Record<string, string>;

/** SQLSTATE, or a code of Node such as ECONNREFUSED; empty where there is none. */
function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/** Several addresses of one name fail together, with a reason each and an empty message. */
function detailOf(error: unknown, code: string): string {
  if (typeof error !== 'object' || error === null) return String(error);
  if ('errors' in error && Array.isArray(error.errors) && error.errors.length > 0)
    return error.errors.map((each: unknown) => detailOf(each, code)).join('; ');
  const text = 'message' in error ? String(error.message) : '';
  return code === '' || text.includes(code) ? text : `${code} ${text}`.trim();
}

/**
 * The connection holds a statement that the server no longer takes as it was prepared: a release changed a
 * table (0A000, cached plan), or something between dropped it (26000). Another connection prepares it anew.
 */
export function isStale(error: unknown): boolean {
  return ['0A000', '26000'].includes(codeOf(error));
}

/** Somebody refused, and the connection is as good as before: the server (not FATAL), or the house. */
export function isAnswer(error: unknown): boolean {
  if (isGatewayError(error)) return true;
  return (
    typeof error === 'object' && error !== null && 'severity' in error && error.severity === 'ERROR'
  );
}
