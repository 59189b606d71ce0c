import { beforeEach, expect, test } from '@jest/globals';
import { createCircuitBreaker, type CircuitBreaker } from '../../src/upstream/index.js';

let now: number;
let breaker: CircuitBreaker;
beforeEach(() => {
  now = 0;
  breaker = createCircuitBreaker({
    failures: 3,
    pauseMillis: 2000,
    mostMillis: 5000,
    trialMillis: 30_000,
    stopwatch: () => now,
  });
});

function fail(times: number): void {
  for (let each = 0; each < times; each++) breaker.silent();
}

test('lets everybody through until it has failed so often in a row', () => {
  fail(2);
  expect(breaker.refusal()).toBeUndefined();
  breaker.answered();
  fail(2);
  expect(breaker.refusal()).toBeUndefined();
  fail(1);
  expect(breaker.refusal()).toBe(2);
});

test('then lets one through after the pause, and the others wait for it', () => {
  fail(3);
  now = 1999;
  expect(breaker.refusal()).toBe(1);
  now = 2000;
  expect(breaker.refusal()).toBeUndefined();
  expect(breaker.refusal()).toBe(2);
  breaker.answered();
  expect(breaker.refusal()).toBeUndefined();
});

test('pauses twice as long after each failed trial, up to a limit', () => {
  fail(3);
  const pauses = [];
  for (let trial = 0; trial < 3; trial++) {
    now += 60_000;
    expect(breaker.refusal()).toBeUndefined();
    breaker.silent();
    pauses.push(breaker.refusal());
  }
  expect(pauses).toEqual([4, 5, 5]);
  now += 60_000;
  breaker.answered();
  fail(3);
  expect(breaker.refusal()).toBe(2);
});

test('a trial whose end nobody reports does not close the way for ever', () => {
  fail(3);
  now = 2000;
  breaker.refusal();
  now = 31_999;
  expect(breaker.refusal()).toBe(1);
  now = 32_000;
  expect(breaker.refusal()).toBeUndefined();
});

test('a trial that takes its time is the only one: no stampede to a server that hangs', () => {
  fail(3);
  now = 2000;
  expect(breaker.refusal()).toBeUndefined();
  for (now = 3000; now < 20_000; now += 1000) expect(breaker.refusal()).toBe(2);
  breaker.silent();
  expect(breaker.refusal()).toBe(4);
});

test('requests that were under way when it opened make it no worse', () => {
  fail(3);
  fail(40);
  expect(breaker.refusal()).toBe(2);
});
