import { describe, expect, test } from '@jest/globals';
import { createOperationGate, type KeyQueue } from '../../src/http/operation-gate.js';

/** Lets a caller in for good: how many of `wanted` get a place. */
function crowd(
  places: number,
  callers: Readonly<Record<string, number>>,
  keys?: KeyQueue,
): Record<string, number> {
  const gate = createOperationGate(places, () => undefined, keys);
  const inside: Record<string, number> = {};
  const rounds = Math.max(...Object.values(callers));
  for (let round = 0; round < rounds; round++) {
    for (const [caller, wanted] of Object.entries(callers)) {
      if (round >= wanted) continue;
      void gate
        .run(caller, () => {
          inside[caller] = (inside[caller] ?? 0) + 1;
          return new Promise(() => undefined);
        })
        .catch(() => undefined);
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

  test.each([
    ['nobody knows how fast', { waiting: 1000, most: Infinity }, { flood: 6 }],
    ['they have nothing to do', { waiting: 0, most: 16 }, { flood: 6 }],
    ['one caller has all they do', { waiting: 6, most: 8 }, { flood: 6, other: 1 }],
    ['they have enough to do', { waiting: 16, most: 16 }, {}],
    ['they had more than enough to do', { waiting: 40, most: 16 }, {}],
  ])('of private keys, %s', (_, keys, inside) => {
    const callers = 'other' in inside ? { flood: 6, other: 1 } : { flood: 1000 };
    expect(crowd(8, callers, keys)).toEqual(inside);
  });

  test('is asked without a place being taken, and tells of each refusal', async () => {
    let refusals = 0;
    const keys = { waiting: 0, most: 16 };
    const gate = createOperationGate(
      2,
      () => {
        refusals++;
      },
      keys,
    );
    gate.require('a');
    gate.require('a');
    expect(gate.inWork).toBe(0);
    keys.waiting = 16;
    expect(() => gate.require('a')).toThrow('Too many operations at once.');
    await expect(gate.run('a', () => Promise.resolve())).rejects.toMatchObject({
      code: 'http.overload',
    });
    expect([gate.inWork, refusals]).toEqual([0, 2]);
  });

  test('a place that is left is free again, and nothing is remembered of who left', async () => {
    const gate = createOperationGate(1, () => undefined);
    for (let round = 0; round < 3; round++) {
      expect(await gate.run('a', () => Promise.resolve(round))).toBe(round);
      await expect(gate.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    }
    const leave = gate.run('a', () => new Promise((go) => setTimeout(go, 20)));
    await expect(gate.run('b', () => Promise.resolve())).rejects.toMatchObject({
      code: 'http.overload',
    });
    await leave;
  });
});
