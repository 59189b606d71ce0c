import { describe, expect, test } from '@jest/globals';
import { checkConfig } from '../../src/config/check.js';
import { loadConfig } from '../../src/config/index.js';

const store = { kind: 'postgres', host: 'db.corp.example' };
const password = { env: 'DB_PASSWORD' };

function problemsOf(config: unknown): readonly string[] {
  const outcome = checkConfig(config);
  return outcome.kind === 'valid'
    ? []
    : outcome.problems.map(({ key, problem, mend }) => `${key} ${problem} -> ${mend}`);
}

describe('data.keys', () => {
  const keys = { kind: 'database' };
  const passphrase = { file: 'passphrase' };

  test('are files by default', () => {
    const outcome = checkConfig({});
    expect(outcome.kind === 'valid' && outcome.config.data.keys).toEqual({ kind: 'files' });
  });

  test('in the database need one that is shared, and a passphrase', () => {
    expect(problemsOf({ data: { store, keys, passphrase } })).toEqual([]);
    expect(problemsOf({ data: { keys, passphrase } })).toEqual([
      'data.keys.kind is database beside a file -> write `kind: files`, or set data.store',
    ]);
    expect(problemsOf({ data: { store, keys } })).toEqual([
      expect.stringMatching(/^data\.keys\.kind is database, and no passphrase is configured/),
    ]);
    expect(problemsOf({ data: { keys: { kind: 'tape' } } })).toEqual([
      expect.stringMatching(/^data\.keys\.kind /),
    ]);
  });
});

describe('data.store', () => {
  test('is SQLite by default', () => {
    const outcome = checkConfig({});
    expect(outcome.kind === 'valid' && outcome.config.data).toMatchObject({
      store: { kind: 'sqlite' },
      challengeStore: 'database',
    });
  });

  test('a PostgreSQL server needs a name; TLS is verified', () => {
    const outcome = checkConfig({ data: { store } });
    expect(outcome.kind === 'valid' && outcome.config.data.store).toEqual({
      kind: 'postgres',
      host: 'db.corp.example',
      port: 5432,
      database: 'scep_gateway',
      user: 'scep_gateway',
      tls: { mode: 'verify' },
      connections: 10,
      connectSeconds: 5,
      statementSeconds: 15,
    });
  });

  test.each([
    [{ kind: 'mysql' }, /^data\.store\.kind /],
    [{ host: undefined }, /^data\.store\.host is missing/],
    [{ host: 'postgres://db/x' }, /^data\.store\.host /],
    [{ port: 0 }, /^data\.store\.port /],
    [{ connections: 1 }, /^data\.store\.connections /],
    [{ password: 'secret' }, /^data\.store\.password is .*a reference to a secret/],
    [
      { passwort: password },
      /^data\.store\.passwort is not a known key -> did you mean "password"/,
    ],
    [{ tls: { mode: 'off', ca: 'ca.pem' } }, /^data\.store\.tls is off, and names files/],
    [
      { host: '/run/postgresql', tls: { ca: 'ca.pem' } },
      /^data\.store\.tls stands beside a Unix socket -> leave it out$/,
    ],
    [{ tls: { certificate: 'client.pem' } }, /^data\.store\.tls has a certificate without its key/],
  ])('%j', (change, problem) => {
    expect(problemsOf({ data: { store: { ...store, ...change } } })).toEqual([
      expect.stringMatching(problem),
    ]);
  });

  test('no password is repeated', () => {
    const told = problemsOf({ data: { store: { ...store, password: 'hunter2-hunter2' } } });
    expect(told.join()).not.toContain('hunter2');
  });

  test('the older word for the database fits SQLite only', () => {
    expect(problemsOf({ data: { challengeStore: 'sqlite' } })).toEqual([]);
    expect(problemsOf({ data: { challengeStore: 'sqlite', store } })).toEqual([
      'data.challengeStore is sqlite beside another store -> write `challengeStore: database`',
    ]);
  });

  test.each([
    ['db.corp.example', ['data.store.tls.mode']],
    ['127.0.0.1', []],
    ['localhost', []],
    ['/run/postgresql', []],
  ])('in the clear to %s', (host, expected) => {
    const outcome = checkConfig({
      data: { passphrase: { env: 'P' }, store: { ...store, host, tls: { mode: 'off' } } },
    });
    expect(outcome.kind === 'valid' && outcome.warnings.map(({ key }) => key)).toEqual(expected);
  });
});

describe('data.redis', () => {
  const redis = { host: 'redis.corp.example' };
  const data = { challengeStore: 'redis', redis };

  test('needs a name; TLS is verified', () => {
    const outcome = checkConfig({ data });
    expect(outcome.kind === 'valid' && outcome.config.data.redis).toEqual({
      host: 'redis.corp.example',
      port: 6379,
      database: 0,
      tls: { mode: 'verify' },
      prefix: '{scep-gateway}:',
      connectSeconds: 5,
      commandSeconds: 5,
    });
  });

  test('and challengeStore: redis need each other', () => {
    expect(problemsOf({ data: { challengeStore: 'redis' } })).toEqual([
      'data.challengeStore is redis, and data.redis names no server -> write `redis: { host: … }`',
    ]);
    expect(problemsOf({ data: { redis } })).toEqual([
      'data.redis stands beside `challengeStore: database`, which does not use it -> write `challengeStore: redis`, or leave it out',
    ]);
    expect(problemsOf({ data: { ...data, processes: 2, store } })).toEqual([]);
  });

  test.each([
    [{ host: 'rediss://redis' }, /^data\.redis\.host /],
    [{ database: -1 }, /^data\.redis\.database /],
    [{ user: 'a b', password }, /^data\.redis\.user /],
    [{ user: 'scep' }, /^data\.redis\.user stands without a password/],
    [{ prefix: '' }, /^data\.redis\.prefix /],
    [{ password: 'secret' }, /^data\.redis\.password is .*a reference to a secret/],
    [{ tls: { mode: 'off', ca: 'ca.pem' } }, /^data\.redis\.tls is off, and names files/],
    [{ host: '/run/redis.sock', tls: { ca: 'ca.pem' } }, /^data\.redis\.tls stands beside a Unix/],
  ])('%j', (change, problem) => {
    expect(problemsOf({ data: { ...data, redis: { ...redis, ...change } } })).toEqual([
      expect.stringMatching(problem),
    ]);
  });

  test('in the clear over a network is warned about', () => {
    const outcome = checkConfig({
      data: { ...data, passphrase: { env: 'P' }, redis: { ...redis, tls: { mode: 'off' } } },
    });
    expect(outcome.kind === 'valid' && outcome.warnings.map(({ key }) => key)).toEqual([
      'data.redis.tls.mode',
    ]);
  });
});

describe('files and secrets of data.store and data.redis', () => {
  const load = (yaml: string, environment: NodeJS.ProcessEnv = {}) =>
    loadConfig({
      environment: { SCEP_GATEWAY_CONFIG: '/etc/scep/gateway.yaml', ...environment },
      readFile: (path) =>
        path === '/etc/scep/gateway.yaml'
          ? Promise.resolve(Buffer.from(yaml))
          : Promise.reject(Object.assign(new Error('no such file'), { code: 'ENOENT' })),
    });

  test('are looked for beside the configuration', async () => {
    const yaml = `data: { store: { kind: postgres, host: db, tls: { ca: db-ca.pem } } }`;
    await expect(load(yaml)).rejects.toMatchObject({
      code: 'config.unreadable',
      problems: [expect.objectContaining({ key: 'data.store.tls.ca' })],
    });
  });

  test('of data.redis, too', async () => {
    const yaml = (redis: string) =>
      `data: { challengeStore: redis, redis: { host: redis, ${redis} } }`;
    await expect(load(yaml('tls: { ca: redis-ca.pem }'))).rejects.toMatchObject({
      code: 'config.unreadable',
      problems: [expect.objectContaining({ key: 'data.redis.tls.ca' })],
    });
    await expect(load(yaml('password: { file: redis-password }'))).rejects.toMatchObject({
      problems: [expect.objectContaining({ key: 'data.redis.password' })],
    });
    const { config } = await load(yaml('password: { env: P }'), { P: 'right' });
    expect(config.data.redis).toMatchObject({ password: { env: 'P' } });
  });

  test('are needed at the start', async () => {
    const yaml = `data: { store: { kind: postgres, host: db, password: { env: DB_PASSWORD } } }`;
    await expect(load(yaml)).rejects.toMatchObject({
      code: 'config.unreadable',
      problems: [expect.objectContaining({ key: 'data.store.password' })],
    });
    const { config, readSecret } = await load(yaml, { DB_PASSWORD: 'right' });
    expect(config.data.store).toMatchObject({ kind: 'postgres', password: { env: 'DB_PASSWORD' } });
    expect(await readSecret({ env: 'DB_PASSWORD' })).toBe('right');
  });
});
