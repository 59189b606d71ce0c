import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { backoffMillis } from '../../src/enrollment/backoff.js';

const pace = { firstMillis: 1000, longestMillis: 60_000 };

test('doubles from the first wait to the longest', () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 8, 1000].map((n) => backoffMillis(n, pace, () => 1));
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
});

test('half of it is chance', () => {
  expect(backoffMillis(3, pace, () => 0)).toBe(2000);
  expect(backoffMillis(3, pace, () => 0.5)).toBe(3000);
});

test('is never shorter than half of the first wait, nor longer than the longest, nor shorter after more failures', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -5, max: 100_000 }),
      fc.integer({ min: 1, max: 10_000 }),
      fc.integer({ min: 10_000, max: 10_000_000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (attempts, firstMillis, longestMillis, chance) => {
        const bounds = { firstMillis, longestMillis };
        const wait = backoffMillis(attempts, bounds, () => chance);
        expect(wait).toBeGreaterThanOrEqual(Math.floor(firstMillis / 2));
        expect(wait).toBeLessThanOrEqual(longestMillis);
        expect(backoffMillis(attempts + 1, bounds, () => chance)).toBeGreaterThanOrEqual(wait);
      },
    ),
  );
});
