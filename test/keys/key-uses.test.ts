import { expect, test } from '@jest/globals';
import { createKeyUses } from '../../src/keys/key-uses.js';

test('what uses a key is counted until it is over, well or not, and that is told', async () => {
  const keys = createKeyUses();
  const told: number[] = [];
  keys.onDone(() => told.push(keys.waiting));
  let finish: () => void = () => undefined;
  const first = keys.count(() => new Promise<void>((resolve) => (finish = resolve)));
  const second = keys.count(() => Promise.reject(new RangeError('no')));
  expect(keys.waiting).toBe(2);
  await expect(second).rejects.toThrow('no');
  finish();
  await first;
  expect(told).toEqual([1, 0]);
  expect(await keys.count(() => Promise.resolve('signed'))).toBe('signed');
});
