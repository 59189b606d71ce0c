import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Leases, SharedStores } from '../../../src/store/index.js';
import { openPostgresStores } from '../../../src/store/postgres/index.js';
import {
  describeWithPostgres,
  emptyStores,
  startPostgres,
  type PostgresServer,
} from '../../support/postgres.js';

const long = 3_600_000;

describeWithPostgres('leases', () => {
  let server: PostgresServer;
  let database: string;
  let stores: readonly SharedStores[];
  let leases: Leases;
  let others: Leases;

  beforeAll(async () => {
    server = await startPostgres();
    database = await server.createDatabase();
    const connection = server.connection(database);
    stores = [await openPostgresStores(connection), await openPostgresStores(connection)];
    [leases, others] = stores.map((each) => each.leases) as [Leases, Leases];
  });
  beforeEach(() => emptyStores(server, database));
  afterAll(async () => {
    await Promise.all(stores.map((each) => each.close()));
    await server.remove();
  });

  /** As if its time had passed. */
  const end = () => server.query(database, "UPDATE leases SET until = 1 WHERE name = 'work'");

  test('of many who want it at once one gets it, and the others see who', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `node-${index}`);
    const taken = await Promise.all(
      names.map((name, index) => (index % 2 ? leases : others).take('work', name, long)),
    );
    const held = taken.filter(({ isHeld }) => isHeld);
    expect(held).toHaveLength(1);
    expect(new Set(taken.map(({ holder }) => holder)).size).toBe(1);
    expect(new Set(taken.map(({ term }) => term))).toEqual(new Set([1]));
  });

  test('is renewed by its holder, under the same term', async () => {
    expect(await leases.take('work', 'a', 1000)).toMatchObject({ isHeld: true, term: 1 });
    const renewed = await leases.take('work', 'a', long);
    expect(renewed).toMatchObject({ isHeld: true, holder: 'a', term: 1 });
    expect(renewed.millisLeft).toBeGreaterThan(1000);
    expect(renewed.millisLeft).toBeLessThanOrEqual(long);
    expect(await others.take('work', 'b', long)).toMatchObject({ isHeld: false, holder: 'a' });
  });

  test('goes to another when its time is over, and the first one learns it', async () => {
    await leases.take('work', 'a', long);
    await end();
    expect(await others.take('work', 'b', long)).toMatchObject({ isHeld: true, term: 2 });
    expect(await leases.take('work', 'a', long)).toMatchObject({ isHeld: false, holder: 'b' });
    await leases.release('work', 'a');
    expect(await leases.take('work', 'a', long)).toMatchObject({ isHeld: false, holder: 'b' });
  });

  test('is free at once when it is given up', async () => {
    await leases.take('work', 'a', long);
    await leases.release('work', 'a');
    expect(await others.take('work', 'b', long)).toMatchObject({ isHeld: true, term: 2 });
  });

  test('others are not touched', async () => {
    await leases.take('work', 'a', long);
    expect(await others.take('other', 'b', long)).toMatchObject({ isHeld: true, term: 1 });
  });
});
