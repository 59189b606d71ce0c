import { beforeEach, describe, expect, test } from '@jest/globals';
import { createLockout, createRateLimit, TallyExchange } from '../../src/access/index.js';
import type { Tally, TallyOrder, TallyStore } from '../../src/store/index.js';

/** What the gateways share, and a way to it that breaks. */
class Shared implements TallyStore {
  readonly kept = new Map<string, Tally>();
  isGone = false;
  written = 0;

  add(orders: readonly TallyOrder[]): Promise<readonly Tally[]> {
    if (this.isGone) return Promise.reject(new Error('gone'));
    this.written += orders.length;
    for (const { key, by, windowMillis, restarts } of orders) {
      const known = this.kept.get(key);
      const millisLeft = known && !restarts ? known.millisLeft : windowMillis;
      this.kept.set(key, { key, used: (known?.used ?? 0) + by, millisLeft });
    }
    return Promise.resolve([]);
  }

  changed(): Promise<readonly Tally[]> {
    return this.isGone
      ? Promise.reject(new Error('gone'))
      : Promise.resolve([...this.kept.values()]);
  }

  prune(): Promise<void> {
    return Promise.resolve();
  }
}

let shared: Shared;
let exchanges: TallyExchange[];

beforeEach(() => {
  shared = new Shared();
  exchanges = [new TallyExchange(shared), new TallyExchange(shared)];
});

const exchange = async () => {
  for (const each of exchanges) await each.exchange();
  for (const each of exchanges) await each.exchange();
};

describe('a rate limit of two gateways', () => {
  const rate = { count: 4, seconds: 600 };
  const limits = () => exchanges.map((each) => createRateLimit(rate, each.book('operations')));

  test('counts what was done at either', async () => {
    const [one, two] = limits();
    await one?.take('10.0.0.1');
    await one?.take('10.0.0.1');
    await two?.take('10.0.0.1');
    await two?.take('10.0.0.1');
    expect(await one?.wait('10.0.0.1')).toBe(0);
    await exchange();
    for (const limit of [one, two]) {
      expect(await limit?.wait('10.0.0.1')).toBeGreaterThan(590);
      expect(await limit?.take('10.0.0.2')).toBe(0);
    }
    expect(shared.kept.get('operations/10.0.0.1')?.used).toBe(4);
  });

  test('tells nothing twice', async () => {
    const [one, two] = limits();
    await one?.take('10.0.0.1');
    await exchange();
    await exchange();
    await exchange();
    expect([shared.written, shared.kept.get('operations/10.0.0.1')?.used]).toEqual([1, 1]);
    await two?.take('10.0.0.1');
    await exchange();
    expect(shared.kept.get('operations/10.0.0.1')?.used).toBe(2);
  });

  test('is not bothered with callers far from it', async () => {
    const limit = createRateLimit({ count: 64, seconds: 600 }, exchanges[0]?.book('operations'));
    for (let times = 0; times < 3; times++) await limit.take('10.0.0.1');
    await exchange();
    expect(shared.written).toBe(0);
    await limit.take('10.0.0.1');
    await exchange();
    expect(shared.kept.get('operations/10.0.0.1')?.used).toBe(4);
  });

  test('holds at each while the database is gone, and is told afterwards', async () => {
    const [one, two] = limits();
    shared.isGone = true;
    for (let times = 0; times < 4; times++) await one?.take('10.0.0.1');
    await expect(exchange()).rejects.toThrow('gone');
    expect(await one?.take('10.0.0.1')).toBeGreaterThan(0);
    shared.isGone = false;
    await exchange();
    expect(await two?.wait('10.0.0.1')).toBeGreaterThan(0);
  });
});

describe('a lock of two gateways', () => {
  const lockouts = () =>
    exchanges.map((each) =>
      createLockout({ failures: 3, seconds: 600, share: each.book('lockout') }),
    );

  test('an account that one locks is locked at the other, and at one that starts later', async () => {
    const [one, two] = lockouts();
    for (let times = 0; times < 3; times++) await one?.fail('mdm');
    await exchange();
    expect(await two?.remaining('mdm')).toBeGreaterThan(590);
    expect(await two?.remaining('other')).toBe(0);
    exchanges.push(new TallyExchange(shared));
    const late = createLockout({
      failures: 3,
      seconds: 600,
      share: exchanges.at(-1)?.book('lockout'),
    });
    await exchange();
    expect(await late.remaining('mdm')).toBeGreaterThan(590);
  });

  describe('which failures at both filled the measure of', () => {
    let told: (string | undefined)[][];
    let both: ReturnType<typeof createLockout>[];

    beforeEach(async () => {
      told = [[], []];
      both = exchanges.map((each, n) =>
        createLockout({
          failures: 3,
          seconds: 600,
          share: each.book('lockout'),
          lockedTogether: (ours) => told[n]?.push(ours),
        }),
      );
      await both[0]?.fail('mdm', 'mdm');
      await both[0]?.fail('mdm', 'mdm');
      await both[1]?.fail('mdm', 'mdm');
      // The first of these failures is ten minutes ago, less a second.
      await exchanges[0]?.exchange();
      const [[key, tally] = []] = [...shared.kept];
      if (key && tally) shared.kept.set(key, { ...tally, millisLeft: 1000 });
      await exchange();
    });

    test('is locked for the whole time from then on, everywhere', async () => {
      for (const lockout of both) expect(await lockout.remaining('mdm')).toBeGreaterThan(590);
      const late = new TallyExchange(shared);
      const third = createLockout({ failures: 3, seconds: 600, share: late.book('lockout') });
      await late.exchange();
      expect(await third.remaining('mdm')).toBeGreaterThan(590);
    });

    test('is told where there were failures, once', async () => {
      await exchange();
      expect(told).toEqual([['mdm'], ['mdm']]);
    });
  });

  test('a lock that is almost over is not begun anew by who hears of it late', async () => {
    const [one] = lockouts();
    for (let times = 0; times < 3; times++) await one?.fail('mdm');
    await exchanges[0]?.exchange();
    const [[key, tally] = []] = [...shared.kept];
    if (key && tally) shared.kept.set(key, { ...tally, millisLeft: 5000 });
    const late = new TallyExchange(shared);
    const third = createLockout({ failures: 3, seconds: 600, share: late.book('lockout') });
    await late.exchange();
    const remaining = await third.remaining('mdm');
    expect([remaining > 0, remaining <= 5]).toEqual([true, true]);
  });

  test('guesses spread over both count together', async () => {
    const [one, two] = lockouts();
    await one?.fail('mdm');
    await two?.fail('mdm');
    await exchange();
    expect(await one?.fail('mdm')).toBe(true);
    await exchange();
    expect(await two?.remaining('mdm')).toBeGreaterThan(590);
  });
});
