import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { GatewayError } from '../../../src/errors/index.js';
import { openSqliteDriver, type SqliteDriver } from '../../../src/store/sqlite/driver.js';
import { GroupCommit } from '../../../src/store/sqlite/group-commit.js';

const directory = mkdtempSync(join(tmpdir(), 'group-commit-'));
let files = 0;
let path: string;
let driver: SqliteDriver;
let log: string[];
let failing: string | undefined;

/** The real driver, with the transaction statements written down and one of them failing on demand. */
function recording(real: SqliteDriver): SqliteDriver {
  return {
    exec(sql) {
      log.push(sql);
      real.exec(sql);
    },
    close: () => real.close(),
    prepare(sql) {
      const statement = real.prepare(sql);
      return {
        get: (...values) => statement.get(...values),
        all: (...values) => statement.all(...values),
        run(...values) {
          log.push(sql);
          if (sql === failing) throw new Error(`${sql} failed`);
          return statement.run(...values);
        },
      };
    },
  };
}

beforeEach(async () => {
  path = join(directory, `${++files}.db`);
  driver = await openSqliteDriver(path);
  driver.exec('PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 50');
  driver.exec('CREATE TABLE t (n INTEGER PRIMARY KEY)');
  log = [];
  failing = undefined;
});

afterEach(() => driver.close());
afterAll(() => rmSync(directory, { recursive: true }));

const insert = (n: number) => () => {
  driver.prepare('INSERT INTO t (n) VALUES (?)').run(n);
  return n;
};
const stored = () =>
  driver
    .prepare('SELECT n FROM t ORDER BY n')
    .all()
    .map((row) => row['n']);
const commits = () => log.filter((sql) => sql === 'COMMIT').length;

describe('a database that another process holds', () => {
  let other: SqliteDriver;
  beforeEach(async () => {
    other = await openSqliteDriver(path);
    driver.exec('PRAGMA busy_timeout = 0');
    other.exec('BEGIN IMMEDIATE');
  });
  afterEach(() => other.close());

  test('is waited for without holding up anybody else', async () => {
    const group = new GroupCommit(driver, undefined, 3_600_000);
    const first = group.write(insert(1));
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve, 20));
    const second = group.write(insert(2));
    expect(stored()).toEqual([]);
    other.exec('COMMIT');
    expect(await Promise.all([first, second])).toEqual([1, 2]);
    expect(stored()).toEqual([1, 2]);
  });

  test('is waited for no longer than was said, and taken up when it is free', async () => {
    const group = new GroupCommit(driver, undefined, 30);
    await expect(group.write(insert(1))).rejects.toMatchObject({ code: 'store.unavailable' });
    await expect(group.write(insert(2))).rejects.toMatchObject({ code: 'store.unavailable' });
    other.exec('COMMIT');
    expect(await group.write(insert(3))).toBe(3);
    expect(stored()).toEqual([3]);
  });

  const looks = () => log.filter((sql) => sql === 'BEGIN IMMEDIATE').length;
  const waits = () => log.filter((sql) => sql.startsWith('PRAGMA busy_timeout'));

  test('is waited for anew by who comes long after others gave up', async () => {
    const group = new GroupCommit(recording(driver), undefined, 100);
    await expect(group.write(insert(1))).rejects.toMatchObject({ code: 'store.unavailable' });
    await new Promise((resolve) => setTimeout(resolve, 150));
    // Who holds it now need not be who held it then.
    const before = looks();
    await expect(group.write(insert(2))).rejects.toMatchObject({ code: 'store.unavailable' });
    expect(looks() - before).toBeGreaterThan(1);
  });

  test('is looked at without standing still, and the next one again for a moment', async () => {
    const group = new GroupCommit(recording(driver), undefined, 3_600_000);
    const write = group.write(insert(1));
    while (looks() < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    other.exec('COMMIT');
    await write;
    expect(waits()).toEqual([20, 0, 20].map((millis) => `PRAGMA busy_timeout = ${millis}`));
  });

  test('is waited for once, and not for each batch, when the store closes', async () => {
    const group = new GroupCommit(recording(driver), undefined, 50);
    const writes = Promise.allSettled(
      Array.from({ length: 1000 }, (_, n) => group.write(insert(n))),
    );
    group.drain();
    expect((await writes).every(({ status }) => status === 'rejected')).toBe(true);
    expect(looks()).toBe(4);
    expect(waits().at(-1)).toBe('PRAGMA busy_timeout = 0');
  });

  test('is waited for once more when the store closes', async () => {
    const group = new GroupCommit(driver, undefined, 3_600_000);
    const write = group.write(insert(1));
    other.exec('COMMIT');
    group.drain();
    expect(await write).toBe(1);
  });
});

describe('GroupCommit', () => {
  test('lets 10,000 writes wait, and refuses one more at once', async () => {
    const writes = new GroupCommit(recording(driver));
    const waiting = Array.from({ length: 10_000 }, (_, n) => writes.write(() => n));
    await expect(writes.write(() => -1)).rejects.toMatchObject({ code: 'store.unavailable' });
    expect(commits()).toBe(0);
    expect(await Promise.all(waiting)).toHaveLength(10_000);
    expect(commits()).toBe(40);
    expect(await writes.write(() => 1)).toBe(1);
  });

  test('writes of one turn share one commit', async () => {
    const group = new GroupCommit(recording(driver));
    const writes = [1, 2, 3].map((n) => group.write(insert(n)));
    expect(stored()).toEqual([]);
    expect(await Promise.all(writes)).toEqual([1, 2, 3]);
    expect(stored()).toEqual([1, 2, 3]);
    expect(commits()).toBe(1);
  });

  test('resolves after the commit, not before', async () => {
    const group = new GroupCommit(recording(driver));
    let committedWhenResolved: number | undefined;
    await group.write(insert(1)).then(() => (committedWhenResolved = commits()));
    expect(committedWhenResolved).toBe(1);
  });

  test('a write that throws is undone alone', async () => {
    const group = new GroupCommit(driver);
    const failure = new GatewayError('challenge.quota', 'full');
    const outcomes = await Promise.allSettled([
      group.write(insert(1)),
      group.write(() => {
        insert(2)();
        throw failure;
      }),
      group.write(insert(1)),
      group.write(insert(3)),
    ]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
    ]);
    expect(outcomes[1]).toMatchObject({ reason: failure });
    expect(outcomes[2]).toMatchObject({ reason: { code: 'internal' } });
    expect(stored()).toEqual([1, 3]);
  });

  test.each(['BEGIN IMMEDIATE', 'COMMIT', 'SAVEPOINT one_write', 'RELEASE one_write'])(
    'when %s fails, all reject and nothing is stored',
    async (statement) => {
      const group = new GroupCommit(recording(driver));
      failing = statement;
      const outcomes = await Promise.allSettled([1, 2].map((n) => group.write(insert(n))));
      for (const outcome of outcomes)
        expect(outcome).toMatchObject({
          status: 'rejected',
          reason: { code: 'store.unavailable', detail: `${statement} failed` },
        });
      expect(stored()).toEqual([]);
      failing = undefined;
      expect(await group.write(insert(3))).toBe(3);
      expect(stored()).toEqual([3]);
    },
  );

  test('a full disk fails the whole group, and the next one works', async () => {
    driver.exec('CREATE TABLE big (bytes BLOB)');
    const pages = driver.prepare('PRAGMA page_count').get()?.['page_count'];
    driver.exec(`PRAGMA max_page_count = ${Number(pages) + 2}`);
    const group = new GroupCommit(driver);
    const outcomes = await Promise.allSettled([
      group.write(insert(1)),
      group.write(() => driver.prepare('INSERT INTO big VALUES (zeroblob(100000))').run()),
      group.write(insert(2)),
    ]);
    expect(stored()).toEqual(
      outcomes.flatMap((outcome, n) => (outcome.status === 'fulfilled' ? [[1, 0, 2][n]] : [])),
    );
    expect(outcomes[1]).toMatchObject({ reason: { code: 'store.unavailable' } });
    expect(await group.write(insert(3))).toBe(3);
  });

  test('a lock held elsewhere rejects, then clears', async () => {
    const other = await openSqliteDriver(path);
    other.exec('BEGIN IMMEDIATE');
    const group = new GroupCommit(driver);
    await expect(group.write(insert(1))).rejects.toMatchObject({ code: 'store.unavailable' });
    other.exec('COMMIT');
    other.close();
    expect(await group.write(insert(1))).toBe(1);
  });

  test('a long queue goes in several commits', async () => {
    const group = new GroupCommit(recording(driver));
    await Promise.all(Array.from({ length: 600 }, (_, n) => group.write(insert(n))));
    expect(stored()).toHaveLength(600);
    expect(commits()).toBe(3);
  });

  test('drain commits what waits and refuses what comes after', async () => {
    const group = new GroupCommit(driver);
    const waiting = group.write(insert(1));
    group.drain();
    expect(stored()).toEqual([1]);
    expect(await waiting).toBe(1);
    await expect(group.write(insert(2))).rejects.toMatchObject({ code: 'store.unavailable' });
  });

  describe('on the way to the disk', () => {
    let reached: (() => void)[];
    let lost: ((error: Error) => void)[];
    const disk = {
      reach: () =>
        new Promise<void>((resolve, reject) => {
          reached.push(resolve);
          lost.push(reject);
        }),
    };
    const turn = () => new Promise((resolve) => setImmediate(resolve));

    beforeEach(() => {
      reached = [];
      lost = [];
    });

    test('a write resolves when its commit is there, not before', async () => {
      const group = new GroupCommit(driver, disk);
      let isResolved = false;
      const write = group.write(insert(1)).then(() => (isResolved = true));
      await turn();
      await turn();
      expect([stored(), isResolved, reached.length]).toEqual([[1], false, 1]);
      reached[0]!();
      await write;
    });

    test('one that may be durable later resolves when it is committed', async () => {
      const group = new GroupCommit(driver, disk);
      expect(await group.write(insert(1), 'later')).toBe(1);
      expect([stored(), reached.length]).toEqual([[1], 0]);
      await expect(group.write(insert(1), 'later')).rejects.toMatchObject({ code: 'internal' });
      expect(reached).toHaveLength(0);
    });

    test('in one group each resolves in its time', async () => {
      const group = new GroupCommit(driver, disk);
      const now = group.write(insert(1));
      expect(await group.write(insert(2), 'later')).toBe(2);
      expect(stored()).toEqual([1, 2]);
      reached[0]!();
      expect(await now).toBe(1);
    });

    test('what does not get there is an outage', async () => {
      const group = new GroupCommit(driver, disk);
      const write = group.write(insert(1));
      const later = group.write(insert(2), 'later');
      await later;
      lost[0]!(new Error('EIO: i/o error, fdatasync'));
      await expect(write).rejects.toMatchObject({
        code: 'store.unavailable',
        detail: 'EIO: i/o error, fdatasync',
      });
    });
  });
});
