/** The built gateway and `scep-gateway store`, on a file and on PostgreSQL. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { openSettingsReader } from '../../src/store/index.js';
import { schemaSteps } from '../../src/store/postgres/schema.js';
import { runProgram } from '../interop/programs.js';
import {
  runCommand,
  startGatewayProcess,
  type CommandRun,
  type GatewayProcess,
} from '../support/gateway-process.js';
import {
  describeWithPostgres,
  postgresProgram,
  startPostgres,
  type PostgresServer,
} from '../support/postgres.js';

jest.setTimeout(180_000);

let gateway: GatewayProcess | undefined;

afterEach(async () => {
  await gateway?.dispose();
  gateway = undefined;
});

async function enroll(name: string): Promise<void> {
  if (gateway === undefined) throw new Error('no gateway');
  const input = await gateway.challenge();
  const run = await gateway.run(
    [
      ...['enroll', '--url', `${gateway.url}/scep`, '--subject', `CN=${name}`],
      ...['--key', `${name}.key`, '--out', `${name}.pem`, '--challenge-file', '-'],
    ],
    { input },
  );
  expect(run).toMatchObject({ code: 0 });
  expect(existsSync(join(gateway.directory, `${name}.pem`))).toBe(true);
}

async function recordsSince(database: string): Promise<string | undefined> {
  const settings = await openSettingsReader(database);
  const since = await settings.get('records.since');
  await settings.close();
  return since;
}

function found(run: CommandRun): unknown {
  expect(run.stderr).toBe('');
  return JSON.parse(run.stdout);
}

describe('records in a file', () => {
  test('are verified, backed up beside the gateway, and restored when it is stopped', async () => {
    gateway = await startGatewayProcess();
    await enroll('first');
    const backup = join(gateway.directory, 'backup.db');
    expect(found(await gateway.run(['store', 'backup', '--json', backup]))).toEqual({
      file: backup,
    });
    await enroll('second');
    expect(found(await gateway.run(['store', 'verify', '--json']))).toMatchObject({
      valid: true,
      records: { transactions: 2 },
    });

    expect(await gateway.run(['store', 'restore', backup])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('The database is in use.') as unknown,
    });
    await gateway.stop();
    expect(found(await gateway.run(['store', 'restore', '--json', backup]))).toEqual({
      file: backup,
      replaced: expect.stringContaining('gateway.db.replaced-') as unknown,
    });
    expect(found(await gateway.run(['store', 'verify', '--json']))).toMatchObject({
      records: { transactions: 1 },
    });
    const restored = join(gateway.directory, 'data', 'gateway.db');
    expect(await recordsSince(backup)).toEqual(expect.any(String));
    expect(await recordsSince(restored)).toBeUndefined();
    gateway = await startGatewayProcess({ directory: gateway.directory });
    await enroll('third');
    expect(await recordsSince(restored)).not.toBe(await recordsSince(backup));
  });

  test('that were never made are neither migrated nor verified', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'store-'));
    const environment = { ...process.env, SCEP_GATEWAY_DATA_DIR: join(directory, 'data') };
    for (const command of ['migrate', 'verify'])
      expect(await runCommand(['store', command], { environment })).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('There is no database in') as unknown,
      });
    expect(existsSync(join(directory, 'data'))).toBe(false);
    rmSync(directory, { recursive: true });
  });
});

describeWithPostgres('records in PostgreSQL', () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.remove());

  async function databaseConfig(): Promise<string> {
    const { host, user, database } = server.connection(await server.createDatabase());
    return `data: { store: { kind: postgres, host: ${host}, user: ${user}, database: ${database} } }`;
  }

  test('hold what the gateway issues, and nothing of them is in the data directory', async () => {
    gateway = await startGatewayProcess({ config: await databaseConfig() });
    await enroll('first');
    expect(existsSync(join(gateway.dataDirectory, 'gateway.db'))).toBe(false);
    const { length } = schemaSteps;
    const migrated = found(await gateway.run(['store', 'migrate', '--json']));
    expect(migrated).toEqual({ from: length, to: length });
    const { stdout } = await gateway.run(['store', 'verify']);
    expect(stdout).toMatch(
      /^PostgreSQL \d+.*, schema version \d+\ncertificates \d+, transactions 1, /,
    );
    expect(stdout).not.toContain('FAULT');

    await gateway.stop('SIGKILL');
    gateway = await startGatewayProcess({ directory: gateway.directory });
    await enroll('second');
    expect(await gateway.stop()).toBe(0);
  });

  test('are moved by the commands that backup and restore name', async () => {
    const config = await databaseConfig();
    gateway = await startGatewayProcess({ config });
    await enroll('first');
    const told = async (...args: string[]) => {
      const run = await gateway!.run(['store', ...args]);
      expect(run).toMatchObject({ code: 2, stdout: '' });
      return / → Use: (.*)\n/.exec(run.stderr)?.[1]?.split(' ') ?? [];
    };
    const file = join(gateway.directory, 'backup.dump');
    for (const args of [
      ['backup', file],
      ['restore', file],
    ]) {
      const [name = '', ...rest] = await told(...args);
      await gateway.stop();
      expect(await runProgram(postgresProgram(name), rest)).toMatchObject({
        status: 0,
        stderr: '',
      });
      expect(found(await gateway.run(['store', 'verify', '--json']))).toMatchObject({
        valid: true,
        records: { transactions: 1 },
      });
    }
    const database = /database: (\w+)/.exec(config)?.[1] ?? '';
    const since = () =>
      server.query(database, "SELECT value FROM settings WHERE key = 'records.since'");
    const dumped = await since();
    gateway = await startGatewayProcess({ directory: gateway.directory });
    await enroll('second');
    expect(dumped).toHaveLength(1);
    expect(await since()).not.toEqual(dumped);
  });

  test('that do not hold together are found', async () => {
    const config = await databaseConfig();
    gateway = await startGatewayProcess({ config });
    await enroll('first');
    const database = /database: (\w+)/.exec(config)?.[1] ?? '';
    await server.query(database, "UPDATE transactions SET certificate = 'x'");
    const run = await gateway.run(['store', 'verify']);
    expect(run.code).toBe(1);
    expect(run.stdout).toContain('FAULT  issued requests have their certificate: not so for 1');
  });

  test('on a server that is not there stop the start with where it was looked for', async () => {
    const config = 'data: { store: { kind: postgres, host: /nowhere, database: scep } }';
    await expect(startGatewayProcess({ config })).rejects.toThrow(
      'The PostgreSQL database scep on /nowhere:5432 cannot be used: connect ENOENT /nowhere/.s.PGSQL.5432',
    );
  });
});
