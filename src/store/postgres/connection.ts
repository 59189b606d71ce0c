import type { ConnectionOptions } from 'node:tls';
import type { ClientConfig, CustomTypesConfig } from 'pg';

/** How the database is reached. */
export interface PostgresConnection {
  /** A name, an address, or the directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Asked for every new connection, so that a changed password needs no restart; empty: none. */
  readonly password: () => Promise<string>;
  /** Undefined: in the clear, as through a Unix socket. */
  readonly tls: ConnectionOptions | undefined;
  /** At most so many at once. */
  readonly connections: number;
  /** For a connection to be made, or to come free. */
  readonly connectTimeoutMs: number;
  /** For each statement. */
  readonly statementTimeoutMs: number;
}

/** How long a statement waits for a lock of another: those of the gateway are held for milliseconds. */
const LOCK_TIMEOUT_MS = 5000;
/** For what the server does about a statement that took too long, and for its answer on the way. */
const ANSWER_GRACE_MS = 2000;

/**
 * For the client of `pg`. Everything it would otherwise take from PG… variables of the environment or
 * from ~/.pgpass is given here.
 */
export function clientConfig(
  { connectTimeoutMs, statementTimeoutMs, tls, ...connection }: PostgresConnection,
  session: SessionSettings,
): ClientConfig {
  const { host, port, database, user, password } = connection;
  return {
    host,
    port,
    database,
    user,
    password,
    ssl: tls ?? false,
    sslnegotiation: 'postgres',
    application_name: 'scep-gateway',
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    options: startupOptions(session),
    lock_timeout: LOCK_TIMEOUT_MS,
    ...(session.unhurried !== true && {
      statement_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs + ANSWER_GRACE_MS,
      idle_in_transaction_session_timeout: statementTimeoutMs,
    }),
    types,
  };
}

export interface SessionSettings {
  /** What a commit waits for, whatever becomes of the setting of the server meanwhile. */
  readonly synchronousCommit?: string;
  /** For migrations: an index over a million rows takes its time. */
  readonly unhurried?: boolean;
}

/** The statements stand on READ COMMITTED: an UPDATE looks again at a row that it had to wait for. */
function startupOptions({ synchronousCommit }: SessionSettings): string {
  return [
    'default_transaction_isolation=read\\ committed',
    // The server learns within half a minute that a gateway is gone without a word, and takes its connections back.
    'tcp_keepalives_idle=10',
    'tcp_keepalives_interval=5',
    'tcp_keepalives_count=4',
    ...(synchronousCommit === undefined ? [] : [`synchronous_commit=${synchronousCommit}`]),
  ]
    .map((setting) => `-c ${setting}`)
    .join(' ');
}

/** pg_type.oid */
const BYTEA = 17;
const INT8 = 20;
const BOOL = 16;

/** Numbers and octets as Row reads them. 64 bits hold milliseconds and counts here: exact as a number. */
const types: CustomTypesConfig = {
  getTypeParser: (oid: number) => (value: string | Buffer) => {
    const text = value.toString();
    switch (oid) {
      case BYTEA:
        return Buffer.from(text.slice(2), 'hex');
      case INT8:
        return Number(text);
      case BOOL:
        return text === 't';
      default:
        return text;
    }
  },
};
