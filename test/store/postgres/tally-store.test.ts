import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { TallyOrder, TallyStore } from '../../../src/store/index.js';
import { describeWithPostgres, storesOfSuite } from '../../support/postgres.js';

const ever = Number.MAX_SAFE_INTEGER;

describeWithPostgres('tallies', () => {
  const suite = storesOfSuite();
  let tallies: TallyStore;
  beforeAll(() => {
    ({ tallies } = suite.stores);
  });
  beforeEach(suite.empty);

  const order = (key: string, changes: Partial<TallyOrder> = {}): TallyOrder => ({
    key,
    by: 1,
    windowMillis: 3_600_000,
    restarts: false,
    ...changes,
  });
  const used = async () =>
    (await tallies.changed(ever, 100)).map(({ key, used: count }) => [key, count]);

  test('add up, whoever adds, and none is lost', async () => {
    const orders = ['a', 'b', 'c'].map((key) => order(key, { by: 2 }));
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        tallies.add(index % 2 ? orders : [...orders].reverse()),
      ),
    );
    expect((await used()).sort()).toEqual([
      ['a', 40],
      ['b', 40],
      ['c', 40],
    ]);
    expect(await tallies.add([])).toEqual([]);
  });

  test('begin anew when their window has ended, and are pruned', async () => {
    await tallies.add([order('a', { by: 5 }), order('b', { by: 5 })]);
    await suite.query('UPDATE tallies SET ends_at = 1');
    expect(await used()).toEqual([]);
    const [again] = await tallies.add([order('a')]);
    expect(again).toMatchObject({ key: 'a', used: 1 });
    await tallies.prune();
    expect(await suite.query('SELECT key FROM tallies')).toEqual([{ key: 'a' }]);
  });

  test('a window lasts from its first count, unless it is begun anew', async () => {
    await tallies.add([order('a', { windowMillis: 60_000 })]);
    const [same] = await tallies.add([order('a')]);
    expect(same?.millisLeft).toBeLessThanOrEqual(60_000);
    const [locked] = await tallies.add([order('a', { restarts: true })]);
    expect(locked).toMatchObject({ used: 3 });
    expect(locked?.millisLeft).toBeGreaterThan(60_000);
  });

  test('tell what changed, most used first', async () => {
    await tallies.add([order('a'), order('b', { by: 9 }), order('c', { by: 5 })]);
    await suite.query("UPDATE tallies SET changed_at = 1 WHERE key = 'c'");
    expect((await tallies.changed(600_000, 100)).map(({ key }) => key)).toEqual(['b', 'a']);
    expect((await tallies.changed(ever, 2)).map(({ key }) => key)).toEqual(['b', 'c']);
  });
});
