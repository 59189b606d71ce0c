import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { createOperationGate, type OperationGateOptions } from '../../src/http/operation-gate.js';

/** Lets a caller in for good: how many of `wanted` get a place. */
async function crowd(
  callers: Readonly<Record<string, number>>,
  options: Omit<OperationGateOptions, 'refused'>,
): Promise<Record<string, number>> {
  let refused = 0;
  const gate = createOperationGate({ ...options, refused: () => refused++ });
  const inside: Record<string, number> = {};
  const rounds = Math.max(...Object.values(callers));
  for (let round = 0; round < rounds; round++) {
    for (const [caller, wanted] of Object.entries(callers)) {
      if (round >= wanted) continue;
      const before = refused;
      void gate.run(caller, () => new Promise(() => undefined)).catch(() => undefined);
      if (refused === before) inside[caller] = (inside[caller] ?? 0) + 1;
      // So that nobody is in line, where there is one that moves.
      await setImmediate();
    }
  }
  return inside;
}

const stuck = { waiting: 16, onDone: () => undefined };

describe('createOperationGate', () => {
  test.each([
    [256, { flood: 1000 }, { flood: 192 }],
    [256, { one: 1000, two: 1000 }, { one: 110, two: 110 }],
    [8, { flood: 1000 }, { flood: 6 }],
    [2, { flood: 10 }, { flood: 2 }],
    [1, { flood: 10 }, { flood: 1 }],
  ])('of %d places, %j get %j', async (places, callers, inside) => {
    expect(await crowd(callers, { places })).toEqual(inside);
    expect(await crowd(callers, { places, lineMillis: 500 })).toEqual(inside);
  });

  test.each([
    [256, { flood: 1000 }, { flood: 36 }],
    [256, { one: 1000, two: 1000 }, { one: 21, two: 21 }],
    [8, { flood: 1000 }, { flood: 6 }],
  ])('of %d places while no key is free, %j get %j', async (places, callers, inside) => {
    expect(await crowd(callers, { places, lineMillis: 500, keys: stuck })).toEqual(inside);
  });

  test('begins nothing while the keys have enough to do', async () => {
    let free: () => void = () => undefined;
    const keys = {
      waiting: 16,
      onDone: (listener: () => void) => {
        free = listener;
      },
    };
    const gate = createOperationGate({
      places: 8,
      lineMillis: 500,
      keys,
      refused: () => undefined,
    });
    const begun: string[] = [];
    const run = (caller: string) =>
      gate.run(caller, () => {
        begun.push(caller);
        return Promise.resolve();
      });
    const all = [run('a'), run('b')];
    await setImmediate();
    expect([begun, gate.inWork, gate.inLine]).toEqual([[], 2, 2]);
    keys.waiting = 15;
    free();
    await Promise.all(all);
    expect([begun, gate.inWork, gate.inLine]).toEqual([['a', 'b'], 0, 0]);
  });

  test('is asked without a place being taken, and tells of each refusal', async () => {
    let refusals = 0;
    const gate = createOperationGate({
      places: 1,
      refused: () => {
        refusals++;
      },
    });
    expect([gate.refusal('a'), gate.refusal('a')]).toEqual([undefined, undefined]);
    expect(gate.inWork).toBe(0);
    let leave: () => void = () => undefined;
    const first = gate.run('a', () => new Promise<void>((resolve) => (leave = resolve)));
    expect(gate.refusal('b')).toMatchObject({ message: 'Too many operations at once.' });
    await expect(gate.run('b', () => Promise.resolve())).rejects.toMatchObject({
      code: 'http.overload',
    });
    expect([gate.inWork, refusals]).toEqual([1, 2]);
    await setImmediate();
    leave();
    await first;
  });

  test('a place that is left is free again, and nothing is remembered of who left', async () => {
    const gate = createOperationGate({ places: 1, lineMillis: 500, refused: () => undefined });
    for (let round = 0; round < 3; round++) {
      expect(await gate.run('a', () => Promise.resolve(round))).toBe(round);
      await expect(gate.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    }
  });
});
