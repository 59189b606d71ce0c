import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CircuitBreaker } from '../../src/enrollment/circuit-breaker.js';

let now: number;
let breaker: CircuitBreaker;
const pace = { firstMillis: 10_000, longestMillis: 60_000 };

function newBreaker(): CircuitBreaker {
  return new CircuitBreaker({
    failures: 3,
    pace,
    clock: () => new Date(now),
    random: () => 1,
  });
}

beforeEach(() => {
  now = 0;
  breaker = newBreaker();
});

function fail(times: number): void {
  for (let n = 0; n < times; n++) {
    expect(breaker.enter()).toBe(true);
    breaker.failed();
  }
}

describe('a circuit breaker', () => {
  test('opens after so many failures in a row, and an answer in between starts the count anew', () => {
    fail(2);
    expect(breaker.enter()).toBe(true);
    breaker.succeeded();
    fail(2);
    expect([breaker.isClosed(), breaker.capacity(4)]).toEqual([true, 4]);
    fail(1);
    expect([breaker.isClosed(), breaker.capacity(4), breaker.enter()]).toEqual([false, 0, false]);
    expect(breaker.retryAt).toEqual(new Date(10_000));
  });

  test('lets one call through when its time has come, and waits longer each time that one fails', () => {
    fail(3);
    const waits: number[] = [];
    for (let n = 0; n < 4; n++) {
      now = breaker.retryAt!.getTime();
      expect(breaker.capacity(4)).toBe(1);
      expect(breaker.enter()).toBe(true);
      expect([breaker.capacity(4), breaker.enter()]).toEqual([0, false]);
      breaker.failed();
      waits.push(breaker.retryAt!.getTime() - now);
    }
    expect(waits).toEqual([20_000, 40_000, 60_000, 60_000]);
  });

  test('closes with the first answer, and forgets how long it was open', () => {
    fail(3);
    now = 10_000;
    breaker.enter();
    breaker.succeeded();
    expect([breaker.isClosed(), breaker.capacity(4)]).toEqual([true, 4]);
    fail(3);
    expect(breaker.retryAt).toEqual(new Date(20_000));
  });

  test('calls that were under way when it opened make it no worse', () => {
    for (let n = 0; n < 10; n++) breaker.enter();
    for (let n = 0; n < 10; n++) breaker.failed();
    expect(breaker.retryAt).toEqual(new Date(10_000));
  });

  test('opens at once for what more attempts would make worse, and no sooner than the CA says', () => {
    breaker.enter();
    breaker.failed({ atOnce: true, atLeastMillis: 45_000 });
    expect(breaker.retryAt).toEqual(new Date(45_000));
  });

  test('whatever happens in whatever order: never two probes, and always a time to try again', () => {
    const event = fc.oneof(
      fc.record({ kind: fc.constant('enter' as const) }),
      fc.record({ kind: fc.constantFrom('succeeded' as const, 'failed' as const) }),
      fc.record({
        kind: fc.constant('wait' as const),
        millis: fc.integer({ min: 0, max: 90_000 }),
      }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        now = 0;
        breaker = newBreaker();
        let under = 0;
        for (const step of events) {
          if (step.kind === 'wait') now += step.millis;
          else if (step.kind === 'enter') {
            const wasOpen = !breaker.isClosed();
            if (breaker.enter()) {
              under += 1;
              if (wasOpen) expect(breaker.enter()).toBe(false);
            }
          } else if (under > 0) {
            under -= 1;
            breaker[step.kind]();
          }
          expect([0, 1, 4]).toContain(breaker.capacity(4));
          if (breaker.retryAt) expect(breaker.retryAt.getTime()).toBeLessThanOrEqual(now + 60_000);
        }
        for (; under > 0; under--) breaker.failed();
        now += 60_000;
        expect(breaker.capacity(4)).toBeGreaterThan(0);
      }),
    );
  });
});
