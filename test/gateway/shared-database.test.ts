import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { inTurn } from '../../src/gateway/shared-database.js';
import type { Leases } from '../../src/store/index.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

function deferred<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve: (value: T) => resolve(value) };
}

const held = {
  isHeld: true,
  holder: 'a',
  term: 1,
  millisLeft: 15_000,
  clockAheadMillis: 0,
};

test('a renewal that is under way when the work ends does not take the turn back', async () => {
  const calls: string[] = [];
  const renewal = deferred<undefined>();
  const work = deferred<string>();
  const leases: Leases = {
    async take() {
      calls.push('take');
      if (calls.length > 1) await renewal.promise;
      calls.push('taken');
      return held;
    },
    release() {
      calls.push('release');
      return Promise.resolve();
    },
  };
  const turn = inTurn({ leases, node: 'a' }, 'keys', () => work.promise);
  await jest.advanceTimersByTimeAsync(5000);
  work.resolve('done');
  await jest.advanceTimersByTimeAsync(0);
  expect(calls).toEqual(['take', 'taken', 'take']);
  renewal.resolve(undefined);
  expect(await turn).toBe('done');
  expect(calls).toEqual(['take', 'taken', 'take', 'taken', 'release']);
});

test('a renewal that fails ends neither the work nor the turn', async () => {
  let takes = 0;
  let released = 0;
  const work = deferred<string>();
  const leases: Leases = {
    take: () => (++takes === 1 ? Promise.resolve(held) : Promise.reject(new Error('gone'))),
    release() {
      released++;
      return Promise.resolve();
    },
  };
  const turn = inTurn({ leases, node: 'a' }, 'keys', () => work.promise);
  await jest.advanceTimersByTimeAsync(9000);
  work.resolve('done');
  expect(await turn).toBe('done');
  expect([takes, released]).toEqual([3, 1]);
});
