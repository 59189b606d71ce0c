import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  createSignInBrake,
  type AuthenticationOutcome,
  type SignInBrake,
} from '../../src/access/index.js';

const here = '192.0.2.7';
const wrong: AuthenticationOutcome = { kind: 'wrong', account: 'mdm' };
const right: AuthenticationOutcome = {
  kind: 'authenticated',
  principal: { account: 'mdm', roles: [], quota: 1, profiles: undefined, scheme: 'basic' },
};

let brake: SignInBrake;
let now: Date;
let pauses: number[];
let checks: number;
let holding: (() => void)[] | undefined;

beforeEach(() => {
  now = new Date('2026-01-01T00:00:00Z');
  pauses = [];
  checks = 0;
  holding = undefined;
  brake = createSignInBrake(
    { count: 5, seconds: 600 },
    { clock: () => now, pause: (millis) => Promise.resolve(pauses.push(millis)) },
  );
});

async function attempt(credentials: string | undefined, outcome = wrong, caller = here) {
  return brake.attempt(caller, credentials, async () => {
    checks += 1;
    if (holding) await new Promise<void>((resolve) => holding?.push(resolve));
    return { outcome, challenges: [] };
  });
}

async function fail(times: number, caller = here): Promise<void> {
  for (let guess = 0; guess < times; guess++) await attempt(`guess ${guess}`, wrong, caller);
}

const stopped = {
  code: 'http.rate',
  message: 'Too many failed sign-ins from this address.',
  retryAfterSeconds: 600,
};

describe('failed sign-ins of an address', () => {
  test('are slowed, each twice as much, then stopped before any check', async () => {
    await fail(4);
    expect(await attempt('fifth')).toEqual({ outcome: wrong, challenges: [], stoppedSeconds: 600 });
    expect(pauses).toEqual([250, 500, 1000, 2000, 4000]);
    await expect(attempt('sixth')).rejects.toMatchObject(stopped);
    await expect(attempt('seventh', right)).rejects.toMatchObject(stopped);
    expect(checks).toBe(5);
  });

  test('count for it alone, IPv6 by its first 64 bits', async () => {
    await fail(5, '2001:db8::1');
    await expect(attempt('x', wrong, '2001:db8::2')).rejects.toMatchObject(stopped);
    expect(await attempt('x', right, '2001:db8:0:1::1')).toMatchObject({ outcome: right });
    expect(await attempt('x', right)).toMatchObject({ outcome: right });
  });

  test('are no failures without credentials, and a lock is one', async () => {
    for (let probe = 0; probe < 20; probe++) await attempt(undefined, { kind: 'missing' });
    expect(pauses).toEqual([]);
    const locked = { kind: 'locked', account: 'mdm', retryAfterSeconds: 9, begins: false } as const;
    await attempt('a', locked);
    expect(pauses).toEqual([250]);
  });

  test('are not forgiven for a success in between', async () => {
    await fail(4);
    await attempt('right', right);
    await attempt('fifth');
    await expect(attempt('sixth')).rejects.toMatchObject(stopped);
  });
});

describe('credentials that signed in from the address before', () => {
  test('pass while it is stopped, for an hour, and not from elsewhere', async () => {
    await attempt('right', right);
    await fail(5);
    expect(await attempt('right', right)).toMatchObject({ outcome: right });
    now = new Date('2026-01-01T00:59:59Z');
    expect(await attempt('right', right)).toMatchObject({ outcome: right });
    now = new Date('2026-01-01T02:00:00Z');
    await expect(attempt('right', right)).rejects.toMatchObject(stopped);
    await fail(5, '192.0.2.8');
    await expect(attempt('right', right, '192.0.2.8')).rejects.toMatchObject(stopped);
  });

  test('are as good as any once they were wrong', async () => {
    await attempt('right', right);
    await fail(5);
    await attempt('right', wrong);
    await expect(attempt('right', right)).rejects.toMatchObject(stopped);
  });
});

describe('guesses at the same time', () => {
  test('get no more checks than guesses one after the other', async () => {
    holding = [];
    const guesses = Array.from({ length: 100 }, (_, guess) => attempt(`guess ${guess}`));
    const settled = Promise.allSettled(guesses);
    await turn();
    expect(checks).toBe(5);
    for (const go of holding.splice(0)) go();
    const results = await settled;
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject(stopped);
    }
    expect(checks).toBe(5);
  });

  test('with right credentials take turns, and all get in', async () => {
    const users = Array.from({ length: 100 }, (_, user) => attempt(`user ${user}`, right));
    const outcomes = await Promise.all(users);
    expect(outcomes.every(({ outcome }) => outcome.kind === 'authenticated')).toBe(true);
  });

  test('with the same credentials are one', async () => {
    holding = [];
    const crowd = Array.from({ length: 1000 }, () => attempt('right', right));
    await turn();
    expect(checks).toBe(1000);
    for (const go of holding.splice(0)) go();
    await Promise.all(crowd);
  });

  test('beyond what may wait are refused', async () => {
    holding = [];
    const guesses = Array.from({ length: 300 }, (_, guess) => attempt(`user ${guess}`, right));
    const settled = Promise.allSettled(guesses);
    await turn();
    const waiting = holding;
    holding = undefined;
    for (const go of waiting) go();
    const results = await settled;
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(300 - 5 - 256);
    for (const { reason } of refused)
      expect(reason).toMatchObject({ code: 'http.rate', retryAfterSeconds: 5 });
  });
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
