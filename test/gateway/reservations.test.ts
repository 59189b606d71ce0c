import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createReservationSweep,
  type ReservationDependencies,
} from '../../src/gateway/reservations.js';
import {
  openSqliteStores,
  type ChallengeId,
  type Stores,
  type TransactionState,
} from '../../src/store/index.js';
import { deviceRequest, openInstallation } from '../faults/installation.js';
import { at, challenge, noon, transaction } from '../store/records.js';

const day = 24 * 60;
const id = 'a' as ChallengeId;

let directory: string;
let stores: Stores;
let now: Date;
let logged: string[];
let errors: unknown[];
let dependencies: ReservationDependencies;

const unaborted = new AbortController().signal;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'reservations-'));
  stores = await openSqliteStores(join(directory, 'gateway.db'));
  now = noon;
  logged = [];
  errors = [];
  const silent = () => undefined;
  const info = (message: string) => void logged.push(message);
  const error = (...line: unknown[]) => void errors.push(line);
  const log = { info, error, warn: silent, debug: silent };
  const { challenges, enrollments } = stores;
  const clock = () => now;
  dependencies = {
    challenges,
    enrollments,
    transactionDays: 90,
    recordsSince: at(-400 * day),
    clock,
    log,
  };
});
afterEach(async () => {
  await stores.close();
  rmSync(directory, { recursive: true });
});

/** Reserved at noon for `t`. */
async function reserved(holder = 't', createdAt = noon): Promise<void> {
  await stores.challenges.add(challenge('a', { createdAt }), 1);
  await stores.challenges.reserve(id, holder, noon);
}

async function opened(state: TransactionState): Promise<void> {
  await stores.enrollments.open(transaction('t', { state, challengeId: 'a' }), undefined);
}

async function settledAt(minutes: number) {
  now = at(minutes);
  await createReservationSweep(dependencies)(unaborted);
  const [line] = await stores.enrollments.audit({});
  const uses = (await stores.challenges.find(id))?.uses;
  return { uses, isHeld: await stores.challenges.isHeld(id, 't'), event: line?.event };
}

const untouched = { uses: 1, isHeld: true, event: undefined };
const spent = { uses: 1, isHeld: true, event: 'challenge.spent-late' };

test('what no transaction holds is given back after a day, with a line in audit and log', async () => {
  await reserved();
  expect(await settledAt(day)).toEqual(untouched);
  const givenBack = { uses: 0, isHeld: false, event: 'challenge.given-back-late' };
  expect(await settledAt(day + 1)).toEqual(givenBack);
  const [line] = await stores.enrollments.audit({});
  expect(line).toMatchObject({ challengeId: 'a', outcome: 'ok', at: now });
  expect(logged).toEqual(['challenge.given-back-late']);
  // Only once.
  await settledAt(day + 2);
  expect(await stores.enrollments.audit({})).toHaveLength(1);
});

test.each<TransactionState>([
  { kind: 'issued', certificate: 'AB' },
  { kind: 'rejected', code: 'issuer.refused', text: 'no' },
])('what a finished transaction holds is spent: $kind', async (state) => {
  await reserved();
  await opened(state);
  expect(await settledAt(2 * day)).toEqual(spent);
  await stores.challenges.release(id, 't');
  expect((await stores.challenges.find(id))?.uses).toBe(1);
  expect((await settledAt(3 * day)).event).toBe('challenge.spent-late');
  expect(await stores.enrollments.audit({})).toHaveLength(1);
});

test.each<TransactionState>([
  { kind: 'authorized' },
  { kind: 'awaiting-approval' },
  { kind: 'in-doubt', issuer: 'ca' },
])('what a transaction may still spend is left to it: $kind', async (state) => {
  await reserved();
  await opened(state);
  expect(await settledAt(200 * day)).toEqual(untouched);
});

test('a challenge so old that its transaction may be dropped opens nothing again', async () => {
  await reserved('t', at(-89 * day));
  expect(await settledAt(day + 1)).toEqual(spent);
});

test('what a relayed request holds is left to it until its challenge is over, and dropped then', async () => {
  await reserved('relay:0123');
  expect(await settledAt(day + 60)).toMatchObject({ uses: 1, event: undefined });
  expect(await stores.challenges.prune(now)).toBe(0);
  expect(await settledAt(day + 61)).toMatchObject({ uses: 1, event: 'challenge.spent-late' });
  expect(await stores.challenges.prune(now)).toBe(1);
});

test('what a relayed request holds of a challenge without end is left to it', async () => {
  await stores.challenges.put(challenge('a', { expiresAt: undefined }));
  await stores.challenges.reserve(id, 'relay:0123', noon);
  expect(await settledAt(99 * day)).toMatchObject({ uses: 1, event: undefined });
});

describe('a challenge of the configuration, three hundred days old', () => {
  beforeEach(async () => {
    const record = challenge('a', { createdAt: at(-300 * day), expiresAt: undefined, maxUses: 9 });
    await stores.challenges.put(record);
    await stores.challenges.reserve(id, 't', noon);
  });

  test('gets a use back that was lost just now', async () => {
    expect(await settledAt(2 * day)).toMatchObject({ uses: 0, event: 'challenge.given-back-late' });
  });

  test('loses it where its transaction may be dropped', async () => {
    expect(await settledAt(91 * day)).toEqual(spent);
  });

  test('loses it where the records do not go back so far', async () => {
    dependencies = { ...dependencies, recordsSince: at(1) };
    expect(await settledAt(2 * day)).toEqual(spent);
  });
});

test('a challenge from before the records opens nothing again', async () => {
  await reserved();
  dependencies = { ...dependencies, recordsSince: at(1) };
  expect(await settledAt(2 * day)).toEqual(spent);
});

/** Reserved at noon for `t0`, `t1`, … of one challenge. */
async function reservedUses(count: number): Promise<void> {
  await stores.challenges.add(challenge('a', { maxUses: 9 }), 1);
  for (let n = 0; n < count; n++) await stores.challenges.reserve(id, `t${n}`, noon);
}

async function held(count: number): Promise<readonly boolean[]> {
  const holders = Array.from({ length: count }, (_, n) => `t${n}`);
  return Promise.all(holders.map((holder) => stores.challenges.isHeld(id, holder)));
}

test('a round looks at so many, and the next one goes on behind them', async () => {
  await reservedUses(3);
  for (const waiting of ['t0', 't1'])
    await stores.enrollments.open(
      transaction(waiting, { state: { kind: 'authorized' } }),
      undefined,
    );
  now = at(2 * day);
  const sweep = createReservationSweep({ ...dependencies, lookedAtMost: 2 });
  await sweep(unaborted);
  expect(await held(3)).toEqual([true, true, true]);
  await sweep(unaborted);
  expect(await held(3)).toEqual([true, true, false]);
  // And then from the front.
  await stores.challenges.reserve(id, 't9', at(day));
  await stores.enrollments.open(transaction('t2', { state: { kind: 'authorized' } }), undefined);
  now = at(4 * day);
  for (let rounds = 0; rounds < 2; rounds++) await sweep(unaborted);
  expect(await stores.challenges.isHeld(id, 't9')).toBe(false);
});

test('a fault at one of them keeps none from those behind it, and is told at the end', async () => {
  await reservedUses(2);
  const { enrollments } = stores;
  dependencies = {
    ...dependencies,
    enrollments: {
      appendAudit: (record) => enrollments.appendAudit(record),
      transaction: (holder) =>
        holder === ('t0' as string)
          ? Promise.reject(new Error('unreadable'))
          : enrollments.transaction(holder),
    },
  };
  await settledAt(2 * day);
  expect(await held(2)).toEqual([true, false]);
  expect(errors).toEqual([
    ['reserved uses of challenges could not be settled', { count: 1, error: 'unreadable' }],
  ]);
});

test('a gateway that stops does not wait for the rest', async () => {
  await reservedUses(2);
  const stopping = new AbortController();
  const { enrollments } = stores;
  dependencies = {
    ...dependencies,
    enrollments: {
      appendAudit: (record) => enrollments.appendAudit(record),
      transaction: (holder) => {
        stopping.abort();
        return enrollments.transaction(holder);
      },
    },
  };
  now = at(2 * day);
  await createReservationSweep(dependencies)(stopping.signal);
  expect(await held(2)).toEqual([false, true]);
});

test('a device that comes while its reservation is looked at keeps it', async () => {
  await reserved();
  const { enrollments, challenges } = stores;
  dependencies = {
    ...dependencies,
    enrollments: {
      appendAudit: (record) => enrollments.appendAudit(record),
      transaction: async (holder) => {
        const found = await enrollments.transaction(holder);
        expect(await challenges.reserve(id, 't', now)).toEqual({ kind: 'held' });
        return found;
      },
    },
  };
  expect(await settledAt(2 * day)).toEqual(untouched);
});

/** Else its reservation would seem to have none, and be given back. */
test('a transaction is not replaced before its challenge is spent', async () => {
  const house = await openInstallation(join(directory, 'enrollment.db'), {
    fate: { step: 'confirm', when: 'before' },
    profile: { approval: 'manual' },
  });
  const first = await deviceRequest({ challengePassword: await house.challenge() });
  expect((await house.enrollment.enroll(first)).kind).toBe('pending');
  const before = await house.stores.enrollments.pending({});
  const next = await deviceRequest({ challengePassword: await house.challenge() });
  await expect(house.enrollment.enroll(next)).rejects.toThrow('died before confirm');
  // Whatever was on its way is written before it.
  await house.stores.settings.set('test', 'written');
  expect(await house.stores.enrollments.pending({})).toEqual(before);
  await house.stores.close();
});
