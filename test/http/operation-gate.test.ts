import { describe, expect, test } from '@jest/globals';
import { createOperationGate } from '../../src/http/operation-gate.js';

/** Lets a caller in for good: how many of `wanted` get a place. */
function crowd(places: number, callers: Readonly<Record<string, number>>): Record<string, number> {
  const enter = createOperationGate(places, () => undefined);
  const inside: Record<string, number> = {};
  const rounds = Math.max(...Object.values(callers));
  for (let round = 0; round < rounds; round++) {
    for (const [caller, wanted] of Object.entries(callers)) {
      if (round >= wanted) continue;
      void enter(caller, () => {
        inside[caller] = (inside[caller] ?? 0) + 1;
        return new Promise(() => undefined);
      }).catch(() => undefined);
    }
  }
  return inside;
}

describe('createOperationGate', () => {
  test.each([
    [256, { flood: 1000 }, { flood: 192 }],
    [256, { one: 1000, two: 1000 }, { one: 110, two: 110 }],
    [8, { flood: 1000 }, { flood: 6 }],
    [2, { flood: 10 }, { flood: 2 }],
    [1, { flood: 10 }, { flood: 1 }],
  ])('of %d places, %j get %j', (places, callers, inside) => {
    expect(crowd(places, callers)).toEqual(inside);
  });

  test('a place that is left is free again, and nothing is remembered of who left', async () => {
    const enter = createOperationGate(1, () => undefined);
    for (let round = 0; round < 3; round++) {
      expect(await enter('a', () => Promise.resolve(round))).toBe(round);
      await expect(enter('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    }
    const leave = enter('a', () => new Promise((go) => setTimeout(go, 20)));
    await expect(enter('b', () => Promise.resolve())).rejects.toMatchObject({
      code: 'http.overload',
    });
    await leave;
  });
});
