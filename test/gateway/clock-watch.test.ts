import { expect, test } from '@jest/globals';
import { watchClock } from '../../src/gateway/clock-watch.js';

test('a clock that was set is told of once, and time that passes is not', () => {
  const clock = { wall: 1_000_000, steady: 0 };
  const told: unknown[] = [];
  const look = watchClock(
    { warn: (_, fields) => told.push(fields) },
    { wall: () => clock.wall, steady: () => clock.steady },
  );
  const pass = (millis: number) => {
    clock.wall += millis;
    clock.steady += millis;
    look();
  };
  pass(3_600_000);
  clock.wall += 4000;
  pass(2000);
  expect(told).toEqual([]);
  clock.wall += 7_200_000;
  pass(2000);
  pass(2000);
  expect(told).toEqual([{ seconds: 7204, direction: 'forward' }]);
  clock.wall -= 86_400_000;
  pass(2000);
  expect(told[1]).toEqual({ seconds: -86_400, direction: 'back' });
});
