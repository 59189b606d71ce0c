import { expect, test } from '@jest/globals';
import { createLockout } from '../../src/access/index.js';

test('locks with the failure that fills the measure, and says so once', async () => {
  const lockout = createLockout({ failures: 2, seconds: 60 });
  expect([await lockout.fail('mdm'), await lockout.remaining('mdm')]).toEqual([false, 0]);
  expect([await lockout.fail('mdm'), await lockout.remaining('mdm')]).toEqual([true, 60]);
  expect([await lockout.fail('mdm'), await lockout.remaining('mdm')]).toEqual([false, 60]);
  expect(await lockout.remaining('other')).toBe(0);
});

test('a flood of names costs bounded memory, and opens no account that is locked', async () => {
  const lockout = createLockout({ failures: 2, seconds: 60, mostAccounts: 3 });
  await lockout.fail('mdm');
  await lockout.fail('mdm');
  await lockout.fail('half');
  for (let name = 0; name < 100; name++) await lockout.fail(`stranger ${name}`);
  expect(await lockout.remaining('mdm')).toBe(60);
  // Of those that were not locked, the quiet ones are forgotten.
  expect(await lockout.fail('half')).toBe(false);
  expect(await lockout.fail('half')).toBe(true);
});

test('of locked accounts alone the oldest is forgotten', async () => {
  const lockout = createLockout({ failures: 1, seconds: 60, mostAccounts: 2 });
  for (const name of ['a', 'b', 'c']) expect(await lockout.fail(name)).toBe(true);
  const left = await Promise.all(['a', 'b', 'c'].map((name) => lockout.remaining(name)));
  expect(left).toEqual([0, 60, 60]);
});
