import { expect, jest, test } from '@jest/globals';
import type { Challenges } from '../../src/challenge/index.js';
import { GatewayError } from '../../src/errors/index.js';
import { maintainAuthorities, startUpkeep } from '../../src/gateway/upkeep.js';
import type { Authority } from '../../src/issuer/index.js';
import { capturedLog } from '../support/captured-log.js';

test('a CA that says nothing keeps no other waiting', async () => {
  const names = ['first', 'second', 'third'];
  const begun: string[] = [];
  let everyBegun = (): void => undefined;
  const allBegun = new Promise<void>((resolve) => (everyBegun = resolve));
  const authority = (name: string) =>
    ({
      async maintain() {
        begun.push(name);
        if (begun.length === names.length) everyBegun();
        await allBegun;
        return [{ severity: 'error', code: 'upstream.failed', text: `${name} says nothing` }];
      },
    }) satisfies Pick<Authority, 'maintain'> as unknown as Authority;
  const { telemetry, text } = capturedLog();
  await maintainAuthorities(new Map(names.map((name) => [name, authority(name)])), telemetry.log);
  await telemetry.close();
  for (const name of names) expect(text()).toContain(`${name} says nothing`);
});

test('what fails once an hour is told once, and works again when it has worked', async () => {
  jest.useFakeTimers();
  const { telemetry, text } = capturedLog();
  try {
    let fails = true;
    const upkeep = startUpkeep({
      authorities: new Map(),
      challenges: { prune: () => Promise.resolve(0) } as unknown as Challenges,
      leadership: { leads: () => true },
      tallies: undefined,
      files: [],
      relays: () => undefined,
      reservations: () =>
        fails
          ? Promise.reject(new GatewayError('store.unavailable', 'It says no.'))
          : Promise.resolve(),
      log: telemetry.log,
    });
    const hours = (count: number) => jest.advanceTimersByTimeAsync(count * 3_600_000 + 10_000);
    await hours(3);
    fails = false;
    await hours(1);
    await upkeep.stop();
  } finally {
    jest.useRealTimers();
  }
  await telemetry.close();
  const lines = text()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
  expect(lines).toEqual([
    expect.objectContaining({ message: 'hourly upkeep failed', error: 'It says no.' }),
    expect.objectContaining({ message: 'hourly upkeep works again', failures: 3 }),
  ]);
});
