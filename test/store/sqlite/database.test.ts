import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Database } from '../../../src/store/sqlite/database.js';
import { openSqliteDriver } from '../../../src/store/sqlite/driver.js';
import { WriteAheadLog } from '../../../src/store/sqlite/write-ahead-log.js';

describe('a database whose log is lost on the way to the disk', () => {
  let database: Database;
  let isLost: boolean;

  beforeEach(async () => {
    isLost = false;
    const driver = await openSqliteDriver(':memory:');
    driver.exec('CREATE TABLE t (n INTEGER PRIMARY KEY)');
    const file = {
      datasync: () => (isLost ? Promise.reject(new Error('EIO')) : Promise.resolve()),
      close: () => Promise.resolve(),
    };
    database = new Database(driver, new WriteAheadLog(file));
  });
  afterEach(() => database.close());

  const insert = (n: number) => () => database.run('INSERT INTO t (n) VALUES (?)', n);
  const count = () => database.one('SELECT count(*) AS n FROM t').integer('n');
  const outage = { code: 'store.unavailable', detail: 'EIO' };

  test('hands out nothing of what may be gone after a loss of power', async () => {
    await database.write(insert(1));
    expect(await database.read(count)).toBe(1);
    isLost = true;
    await expect(database.write(insert(2))).rejects.toMatchObject(outage);
    await expect(database.read(count)).rejects.toMatchObject(outage);
    await expect(database.search(() => Promise.resolve(1))).rejects.toMatchObject(outage);
  });

  test('and takes nothing more, be it durable now or later', async () => {
    isLost = true;
    await expect(database.write(insert(1))).rejects.toMatchObject(outage);
    isLost = false;
    await expect(database.write(insert(2))).rejects.toMatchObject(outage);
    await expect(database.write(insert(3), 'later')).rejects.toMatchObject(outage);
    expect(count()).toBe(1);
  });

  test('can be closed', async () => {
    isLost = true;
    await expect(database.write(insert(1))).rejects.toMatchObject(outage);
    await database.close();
    await database.close();
  });
});
