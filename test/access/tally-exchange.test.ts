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
