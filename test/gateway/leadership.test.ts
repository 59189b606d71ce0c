import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { openLeadership, type Leadership } from '../../src/gateway/leadership.js';
import type { Leases } from '../../src/store/index.js';
import { capturedLog } from '../support/captured-log.js';

/** A lease as the database keeps it, and ways to it that break. */
class OneLease {
  holder = '';
  term = 0;
  until = 0;
  readonly broken = new Set<string>();
  /** What the clock of the database is ahead of theirs. */
  readonly aheadMillis = new Map<string, number>();

  of(node: string): Leases {
    return {
      take: (_name, holder, millis) => {
        if (this.broken.has(node)) return Promise.reject(new Error('The database is gone.'));
        const now = Date.now();
        if (this.holder !== holder && this.until <= now) {
          this.holder = holder;
          this.term++;
        }
        if (this.holder === holder) this.until = now + millis;
        return Promise.resolve({
          isHeld: this.holder === holder,
          holder: this.holder,
          term: this.term,
          millisLeft: this.until - now,
          clockAheadMillis: this.aheadMillis.get(node) ?? 0,
        });
      },
      release: (_name, holder) => {
        if (this.holder === holder) this.until = 0;
        return Promise.resolve();
      },
    };
  }
}

describe('leadership', () => {
  let lease: OneLease;
  let opened: Leadership[];
  let log: ReturnType<typeof capturedLog>;

  beforeEach(() => {
    jest.useFakeTimers();
    lease = new OneLease();
    opened = [];
    log = capturedLog();
  });
  afterEach(async () => {
    for (const leadership of opened) await leadership.stop();
    jest.useRealTimers();
  });

  async function open(node: string): Promise<Leadership> {
    const leadership = await openLeadership({ leases: lease.of(node), node }, log.telemetry.log);
    opened.push(leadership);
    return leadership;
  }

  const after = (seconds: number) => jest.advanceTimersByTimeAsync(seconds * 1000);

  test('is where the records are a file', async () => {
    const leadership = await openLeadership(undefined, log.telemetry.log);
    expect([leadership.leads(), leadership.status()]).toEqual([true, undefined]);
    await leadership.stop();
  });

  test('belongs to the first, as long as it lives', async () => {
    const [first, second] = [await open('a'), await open('b')];
    for (let seconds = 0; seconds < 60; seconds++) {
      expect([first.leads(), second.leads()]).toEqual([true, false]);
      await after(1);
    }
    expect(second.status()).toMatchObject({ leads: false, leader: 'a' });
    expect(lease.term).toBe(1);
  });

  test('goes over at once when the first one stops', async () => {
    const [first, second] = [await open('a'), await open('b')];
    await first.stop();
    expect(first.leads()).toBe(false);
    await after(2);
    expect(second.leads()).toBe(true);
  });

  test('goes over within 15 seconds when the first is cut off, and never belongs to two', async () => {
    const [first, second] = [await open('a'), await open('b')];
    await after(5);
    lease.broken.add('a');
    let seconds = 0;
    for (; !second.leads(); seconds++) {
      expect(seconds).toBeLessThan(15);
      await after(1);
      expect(first.leads() && second.leads()).toBe(false);
    }
    expect(first.leads()).toBe(false);
    expect(lease.term).toBe(2);
    lease.broken.clear();
    await after(4);
    expect([first.leads(), second.leads()]).toEqual([false, true]);
    expect(first.status()).toMatchObject({ leader: 'b' });
  });

  test('a process that slept past its lease knows before it is told', async () => {
    const first = await open('a');
    expect(first.leads()).toBe(true);
    jest.setSystemTime(Date.now() + 7000);
    expect(first.leads()).toBe(false);
  });

  test.each([-1, 1])(
    'a clock far from the database does not lead, nor keep others from it',
    async (way) => {
      const [first, second] = [await open('a'), await open('b')];
      lease.aheadMillis.set('a', way * 15_001);
      await after(4);
      expect([first.leads(), second.leads()]).toEqual([false, true]);
      await second.stop();
      await after(4);
      expect(first.status()).toEqual({
        leads: false,
        leader: undefined,
        clockAheadMillis: way * 15_001,
      });
      lease.aheadMillis.set('a', way * 15_000);
      await after(2);
      expect(first.leads()).toBe(true);
    },
  );

  test('the log has one line for an outage, and one for its end', async () => {
    await open('a');
    lease.broken.add('a');
    await after(60);
    lease.broken.clear();
    await after(4);
    const lines = log.text().split('\n');
    const told = (text: string) => lines.filter((line) => line.includes(text));
    expect(told('the lease of the background work failed')).toHaveLength(1);
    expect(told('the lease of the background work works again')).toHaveLength(1);
    expect(told('no longer does the background work')).toHaveLength(1);
    expect(told('does the background work from now on')).toHaveLength(2);
  });
});
