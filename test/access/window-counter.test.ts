import { expect, test } from '@jest/globals';
import { createWindowCounter } from '../../src/access/window-counter.js';

test('counts up in one window', async () => {
  const counter = createWindowCounter({ count: 2, seconds: 30 });
  expect(await counter.look('a')).toEqual({ used: 0, secondsLeft: 30 });
  expect(await counter.add('a')).toEqual({ used: 1, secondsLeft: 30 });
  expect(await counter.add('a')).toEqual({ used: 2, secondsLeft: 30 });
  expect(await counter.add('a')).toEqual({ used: 3, secondsLeft: 30 });
  expect(await counter.look('b')).toEqual({ used: 0, secondsLeft: 30 });
});

test('forgets the key that was quiet for the longest when there are too many', async () => {
  const counter = createWindowCounter({ count: 2, seconds: 30 }, { most: 3 });
  for (const key of ['a', 'b', 'c', 'a', 'd']) await counter.add(key);
  const used = await Promise.all(['a', 'b', 'c', 'd'].map(async (key) => counter.look(key)));
  expect(used.map((state) => state.used)).toEqual([2, 0, 1, 1]);
});
