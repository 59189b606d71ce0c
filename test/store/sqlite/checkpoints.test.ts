import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { GatewayError, messageOf } from '../../../src/errors/index.js';
import { openSqliteStores, type Stores } from '../../../src/store/index.js';
import { verifySqlite } from '../../../src/store/upkeep/index.js';
import {
  CheckpointThread,
  type Checkpointer,
} from '../../../src/store/sqlite/checkpoint-thread.js';
import { Database } from '../../../src/store/sqlite/database.js';
import { openSqliteDriver, type SqliteDriver } from '../../../src/store/sqlite/driver.js';
import { eventually } from '../../interop/eventually.js';

const directory = mkdtempSync(join(tmpdir(), 'checkpoints-'));
let files = 0;
let path: string;

beforeEach(() => {
  path = join(directory, `${++files}.db`);
});
afterAll(() => rmSync(directory, { recursive: true }));

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A thread whose checkpoints end when the test says so. */
class HeldThread implements Checkpointer {
  hasEnded = false;
  isClosed = false;
  asked = 0;
  /** Instead of a checkpoint, or of its end. */
  fault: Error | undefined;
  #settle: { resolve(): void; reject(fault: Error): void } | undefined;

  checkpoint(): Promise<void> {
    if (this.fault) throw this.fault;
    this.asked++;
    return new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
  }

  close(): Promise<void> {
    this.isClosed = true;
    return this.fault ? Promise.reject(this.fault) : Promise.resolve();
  }

  async done(): Promise<void> {
    this.#settle!.resolve();
    await turn();
  }

  async fail(): Promise<void> {
    this.#settle!.reject(new GatewayError('store.unavailable', 'disk full'));
    await turn();
  }
}

describe('the checkpoints of a database', () => {
  let driver: SqliteDriver;
  let thread: HeldThread;
  let database: Database;
  let heard: string[];

  beforeEach(async () => {
    driver = await openSqliteDriver(path);
    driver.exec('PRAGMA journal_mode = WAL');
    driver.exec('CREATE TABLE t (n INTEGER PRIMARY KEY)');
    thread = new HeldThread();
    database = new Database(driver, undefined, undefined, thread);
    heard = [];
    database.listen({
      failed: (fault) => heard.push(messageOf(fault)),
      worked: () => heard.push('worked'),
    });
  });

  let last = 0;
  /** One write of so many rows. */
  const insert = (rows: number) =>
    database.write(() => {
      for (let n = 0; n < rows; n++) database.run('INSERT INTO t (n) VALUES (?)', ++last);
    });
  const inCommit = () => driver.prepare('PRAGMA wal_autocheckpoint').get()?.['wal_autocheckpoint'];

  test('begin when enough was written, one at a time', async () => {
    await insert(1999);
    expect(thread.asked).toBe(0);
    await insert(1);
    expect(thread.asked).toBe(1);
    await insert(5000);
    expect(thread.asked).toBe(1);
    await Promise.all([database.close(), thread.done()]);
  });

  test('go on beside the writes until little is left, for which they wait', async () => {
    await insert(2000);
    await insert(500);
    await thread.done();
    expect(thread.asked).toBe(2);
    await insert(61);
    await thread.done();
    expect(thread.asked).toBe(3);
    await insert(60);
    await thread.done();
    expect([thread.asked, heard]).toEqual([4, []]);

    let isWritten = false;
    const write = insert(1).then(() => (isWritten = true));
    for (let turns = 0; turns < 5; turns++) await turn();
    expect(isWritten).toBe(false);
    expect(await database.read(() => 'read')).toBe('read');
    await thread.done();
    await write;
    expect([thread.asked, heard]).toEqual([4, ['worked']]);
    await database.close();
  });

  test('make a steady writer wait in the end', async () => {
    await insert(2000);
    for (const asked of [2, 3, 4]) {
      await insert(500);
      await thread.done();
      expect(thread.asked).toBe(asked);
    }
    const write = insert(1);
    await thread.done();
    await write;
    expect(heard).toEqual(['worked']);
    await database.close();
  });

  test('that fail are told, hold nothing up, and are tried again', async () => {
    await insert(2000);
    await thread.fail();
    expect(heard).toEqual(['disk full']);
    await insert(1999);
    expect(thread.asked).toBe(1);
    await insert(1);
    await thread.done();
    const write = insert(1);
    await thread.fail();
    await write;
    expect(heard).toEqual(['disk full', 'disk full']);
    expect(inCommit()).toBe(16_384);
    await database.close();
  });

  test('that cannot even begin hold nothing up', async () => {
    await insert(2000);
    thread.fault = new GatewayError('store.unavailable', 'no memory');
    await thread.done();
    await insert(1);
    expect(heard).toEqual(['no memory']);
    thread.fault = undefined;
    await database.close();
  });

  test('are up to COMMIT when their thread is gone', async () => {
    expect(inCommit()).toBe(16_384);
    await insert(2000);
    thread.hasEnded = true;
    await thread.fail();
    expect(inCommit()).toBe(1000);
    await insert(4000);
    expect(thread.asked).toBe(1);
    expect(heard).toEqual(['disk full']);
    await database.close();
  });

  test('end before the database is closed', async () => {
    await insert(2000);
    const closing = database.close();
    for (let turns = 0; turns < 5; turns++) await turn();
    expect(thread.isClosed).toBe(false);
    expect(driver.prepare('SELECT 1 AS n').get()?.['n']).toBe(1);
    await thread.done();
    await closing;
    expect([thread.isClosed, thread.asked]).toEqual([true, 1]);
    expect(() => driver.prepare('SELECT 1 AS n')).toThrow();
  });

  test('keep no database open by a fault of their end', async () => {
    thread.fault = new GatewayError('store.unavailable', 'the thread broke');
    await expect(database.close()).rejects.toThrow('the thread broke');
    expect(() => driver.prepare('SELECT 1 AS n')).toThrow();
  });
});

describe('CheckpointThread', () => {
  const text = 'x'.repeat(400);

  /** Counted up whenever the log begins anew, https://sqlite.org/fileformat2.html#walformat */
  const beginnings = () => readFileSync(`${path}-wal`).readUInt32BE(12);

  async function fill(stores: Stores, rows: number): Promise<void> {
    await Promise.all(
      Array.from({ length: rows }, (_, n) => stores.settings.set(`key-${n}`, text)),
    );
  }

  test('brings the log into the database beside the writes, and the log begins anew', async () => {
    const stores = await openSqliteStores(path);
    await stores.settings.set('first', text);
    const before = { beginnings: beginnings(), size: statSync(path).size };
    await fill(stores, 2100);
    let n = 0;
    await eventually('the log begins anew', async () => {
      await stores.settings.set(`more-${n++}`, text);
      return beginnings() > before.beginnings || undefined;
    });
    expect(statSync(path).size).toBeGreaterThan(before.size + 2100 * 400);
    await stores.close();
  });

  test('has brought the database to its end when the stores are closed in the midst', async () => {
    const stores = await openSqliteStores(path);
    await fill(stores, 2100);
    await stores.close();
    const { checks } = await verifySqlite(path);
    expect(checks.filter(({ fault }) => fault !== undefined)).toEqual([]);
    const again = await openSqliteStores(path);
    expect(await again.settings.get('key-2099')).toBe(text);
    await again.close();
  });

  test('leaves no connection behind', async () => {
    const driver = await openSqliteDriver(path);
    driver.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0');
    driver.exec('CREATE TABLE t (n INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)');
    const before = statSync(path).size;
    const thread = new CheckpointThread(path);
    await thread.checkpoint();
    expect(statSync(path).size).toBeGreaterThan(before);
    await thread.close();
    expect(thread.hasEnded).toBe(true);
    // Who closes the last one takes the log away.
    driver.close();
    expect(existsSync(`${path}-wal`)).toBe(false);
  });

  test('that cannot open the database has ended, and says why', async () => {
    const thread = new CheckpointThread(join(directory, 'nowhere', 'gateway.db'));
    expect(thread.hasEnded).toBe(false);
    await expect(thread.checkpoint()).rejects.toMatchObject({
      code: 'store.unavailable',
      message: expect.stringContaining('unable to open database file'),
    });
    expect(thread.hasEnded).toBe(true);
    await expect(thread.checkpoint()).rejects.toMatchObject({ code: 'store.unavailable' });
    await thread.close();
  });

  test('that breaks while it is closed is closed', async () => {
    const driver = await openSqliteDriver(path);
    const thread = new CheckpointThread(path);
    const started = jest.spyOn(Worker.prototype, 'unref');
    await thread.checkpoint();
    const worker = started.mock.contexts[0] as Worker;
    started.mockRestore();
    const closing = thread.close();
    worker.emit('error', new Error('out of memory'));
    await closing;
    expect(thread.hasEnded).toBe(true);
    driver.close();
  });

  test('that was never needed is not there', async () => {
    await new CheckpointThread(join(directory, 'nowhere', 'gateway.db')).close();
  });
});
