/**
 * A throwaway PostgreSQL of the Debian package: a cluster in a temporary directory, with a Unix socket, or
 * a free port where a test needs TCP. It waits for the disk as a real one does (fsync).
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, jest } from '@jest/globals';
import pg from 'pg';
import type { PostgresConnection, SharedStores } from '../../src/store/index.js';
import { openPostgresStores } from '../../src/store/postgres/index.js';
import { describeWithPrograms } from '../interop/programs.js';
import { freePort } from './free-port.js';

const packages = '/usr/lib/postgresql';

/** Of the newest release that is installed; a path that does not exist where none is. */
export function postgresProgram(name: string): string {
  const releases = existsSync(packages) ? readdirSync(packages) : [];
  const newest = releases
    .map(Number)
    .filter(Number.isFinite)
    .sort((a, b) => b - a)[0];
  return join(packages, String(newest ?? 15), 'bin', name);
}

/** A `describe` that needs PostgreSQL: skipped loudly without it, failing on a build server. */
export function describeWithPostgres(title: string, suite: () => void): void {
  // A cluster is made and started before the first test.
  jest.setTimeout(180_000);
  describeWithPrograms(title, [postgresProgram('initdb'), postgresProgram('postgres')], suite);
}

export interface PostgresOptions {
  /** Beside the Unix socket, TCP on 127.0.0.1. */
  readonly tcp?: boolean;
  /** Lines of postgresql.conf. */
  readonly settings?: readonly string[];
  /** Lines of pg_hba.conf; default: everybody is let in. */
  readonly hba?: readonly string[];
  /** Files of the data directory, readable for the server alone. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface PostgresServer {
  readonly port: number;
  /** Through the Unix socket, as a role that owns nothing but its databases. */
  connection(database: string, changes?: Partial<PostgresConnection>): PostgresConnection;
  /** A new, empty database of the role. */
  createDatabase(encoding?: string): Promise<string>;
  /** As superuser, in `database`. */
  query(database: string, sql: string): Promise<readonly Record<string, unknown>[]>;
  start(): Promise<void>;
  /** `immediate` is what a crash leaves. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  remove(): Promise<void>;
}

const role = 'gateway';

export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const directory = mkdtempSync(join(tmpdir(), 'pg-'));
  const owner = serverAccount();
  if (owner) chownSync(directory, owner.uid, owner.gid);
  const data = join(directory, 'data');
  const run = owner ? { uid: owner.uid, gid: owner.gid } : {};
  const made = spawnSync(
    postgresProgram('initdb'),
    ['-D', data, '-U', 'postgres', '--auth=trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
    { ...run, cwd: directory, encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}${made.stdout}`);
  const write = (name: string, text: string) => {
    writeFileSync(join(data, name), text);
    chmodSync(join(data, name), 0o600);
    if (owner) chownSync(join(data, name), owner.uid, owner.gid);
  };
  const configure = (port: number) =>
    write(
      'postgresql.auto.conf',
      [
        `unix_socket_directories = '${directory}'`,
        `listen_addresses = '${options.tcp === true ? '127.0.0.1' : ''}'`,
        `port = ${port}`,
        'max_connections = 60',
        ...(options.settings ?? []),
        '',
      ].join('\n'),
    );
  if (options.hba)
    write('pg_hba.conf', ['local all postgres trust', ...options.hba, ''].join('\n'));
  for (const [name, text] of Object.entries(options.files ?? {})) write(name, text);

  let server: ChildProcess | undefined;
  let port = 5432;
  let log = '';
  let databases = 0;

  const query: PostgresServer['query'] = async (database, sql) => {
    const client = new pg.Client({ host: directory, port, database, user: 'postgres' });
    client.on('error', () => undefined);
    await client.connect();
    try {
      const { rows } = await client.query<Record<string, unknown>>(sql);
      return rows;
    } finally {
      await client.end();
    }
  };

  async function start(): Promise<void> {
    const child = spawn(postgresProgram('postgres'), ['-D', data], {
      ...run,
      cwd: directory,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    server = child;
    child.stderr.on('data', (text: Buffer) => (log += text.toString()));
    for (;;) {
      if (child.exitCode !== null) throw new Error(`postgres ended:\n${log}`);
      if (
        await query('postgres', 'SELECT 1').then(
          () => true,
          () => false,
        )
      )
        return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async function stop(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    const child = server;
    server = undefined;
    if (!child || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await ended;
  }

  for (let attempt = 1; ; attempt++) {
    if (options.tcp === true) port = await freePort();
    configure(port);
    try {
      await start();
      break;
    } catch (error) {
      // Another may have taken the port meanwhile.
      if (options.tcp !== true || attempt === 5) throw error;
    }
  }
  await query('postgres', `CREATE ROLE ${role} LOGIN PASSWORD 'a-password-of-the-role'`);
  return {
    port,
    connection: (database, changes = {}) => ({
      host: directory,
      port,
      database,
      user: role,
      password: () => Promise.resolve(''),
      tls: undefined,
      connections: 10,
      connectTimeoutMs: 10_000,
      statementTimeoutMs: 20_000,
      ...changes,
    }),
    createDatabase: async (encoding = 'UTF8') => {
      const name = `gateway_${++databases}`;
      await query(
        'postgres',
        `CREATE DATABASE ${name} OWNER ${role} ENCODING '${encoding}' LOCALE 'C' TEMPLATE template0`,
      );
      return name;
    },
    query,
    start,
    stop,
    remove: async () => {
      await stop('immediate');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root. */
function serverAccount(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string) =>
    Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
  return { uid: idOf('-u'), gid: idOf('-g') };
}

/**
 * Empties all tables of the stores, which is quicker than a new database for each test.
 * session_replication_role: without the triggers that keep the audit trail.
 */
export async function emptyStores(server: PostgresServer, database: string): Promise<void> {
  await server.query(
    database,
    `SET session_replication_role = replica;
     DELETE FROM challenges; DELETE FROM challenge_quotas; DELETE FROM challenge_quota_changes;
     DELETE FROM transaction_holds; DELETE FROM transactions; DELETE FROM certificates;
     DELETE FROM certificate_bytes; DELETE FROM audit;
     DELETE FROM audit_retention; DELETE FROM settings; DELETE FROM counters;
     DELETE FROM accounts; DELETE FROM api_tokens; DELETE FROM sealed_secrets; DELETE FROM leases;
     DELETE FROM tallies`,
  );
}

export interface SuiteStores {
  readonly stores: SharedStores;
  readonly empty: () => Promise<void>;
  /** As superuser. */
  readonly query: (sql: string) => Promise<readonly Record<string, unknown>[]>;
}

/** The stores of a database that the tests of a suite share. Called in its `describe`, used in its tests. */
export function storesOfSuite(): SuiteStores {
  let server: PostgresServer;
  let database: string;
  let stores: SharedStores;
  beforeAll(async () => {
    server = await startPostgres();
    database = await server.createDatabase();
    stores = await openPostgresStores(server.connection(database));
  });
  afterAll(async () => {
    await stores.close();
    await server.remove();
  });
  return {
    get stores() {
      return stores;
    },
    empty: () => emptyStores(server, database),
    query: (sql) => server.query(database, sql),
  };
}
