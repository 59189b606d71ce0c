import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  combineValidators,
  createChallenges,
  ExternalChallenges,
  type ChallengeUse,
} from '../../src/challenge/index.js';
import { openSqliteStores, type ChallengeStore } from '../../src/store/index.js';
import { createMemoryChallengeStore } from '../../src/store/memory/index.js';
import { challengeValidatorContract } from './challenge-validator.contract.js';
import { order, use } from './orders.js';

type Answer = Awaited<ReturnType<ConstructorParameters<typeof ExternalChallenges>[0]['ask']>>;

let now: Date;
let asked: { readonly password: string; readonly use: ChallengeUse }[];
let answer: (password: string) => Answer;
let store: ChallengeStore;

beforeEach(() => {
  now = new Date('2026-06-01T12:00:00Z');
  asked = [];
  answer = (password) =>
    password === 'open sesame'
      ? { kind: 'allowed', attested: {} }
      : { kind: 'denied', detail: 'not on the list' };
  store = createMemoryChallengeStore({ maxKeys: 1000 });
});

function external(changes: { readonly store?: ChallengeStore } = {}): ExternalChallenges {
  return new ExternalChallenges({
    store: changes.store ?? store,
    secret: Buffer.alloc(32, 1),
    ask: (password, about) => {
      asked.push({ password, use: about });
      return Promise.resolve(answer(password));
    },
    denialMillis: 60_000,
    clock: () => now,
  });
}

function own() {
  return createChallenges({
    store,
    secret: Buffer.alloc(32, 1),
    singlePasswordSecret: Buffer.alloc(32, 2),
    clock: () => now,
  });
}

async function ownPassword(challenges: ReturnType<typeof own>): Promise<string> {
  const issued = await challenges.issue(order());
  if (issued.kind === 'full') throw new Error('full');
  return issued.password;
}

challengeValidatorContract('our own', () => {
  const challenges = own();
  return Promise.resolve({
    validator: challenges,
    good: () => ownPassword(challenges),
    bad: '0011223344556677',
  });
});

challengeValidatorContract('external, in memory', () =>
  Promise.resolve({
    validator: external(),
    good: () => Promise.resolve('open sesame'),
    bad: 'open barley',
  }),
);

const directory = mkdtempSync(join(tmpdir(), 'external-challenges-'));
let databases = 0;
const opened: Awaited<ReturnType<typeof openSqliteStores>>[] = [];
afterAll(async () => {
  await Promise.all(opened.map((stores) => stores.close()));
  rmSync(directory, { recursive: true });
});

challengeValidatorContract('external, in SQLite', async () => {
  const stores = await openSqliteStores(join(directory, `${++databases}.db`));
  opened.push(stores);
  return {
    validator: external({ store: stores.challenges }),
    good: () => Promise.resolve('open sesame'),
    bad: 'open barley',
  };
});

challengeValidatorContract('our own before the external', () => {
  const challenges = own();
  return Promise.resolve({
    validator: combineValidators(challenges, new Map([['default', external()]])),
    good: () => ownPassword(challenges),
    bad: 'open barley',
  });
});

challengeValidatorContract('external behind our own', () =>
  Promise.resolve({
    validator: combineValidators(own(), new Map([['default', external()]])),
    good: () => Promise.resolve('open sesame'),
    bad: 'open barley',
  }),
);

describe('the validator', () => {
  test('is asked once for a transaction, with all there is to know, and not by a check', async () => {
    const validator = external();
    await validator.check('open sesame', use('t1'));
    expect(asked).toEqual([]);
    await Promise.all([
      validator.reserve('open sesame', use('t1')),
      validator.reserve('open sesame', use('t1')),
    ]);
    await validator.reserve('open sesame', use('t1'));
    expect(asked).toEqual([{ password: 'open sesame', use: use('t1') }]);
    await validator.reserve('open sesame', use('t2'));
    expect(asked).toHaveLength(2);
  });

  test('is not asked again after a restart, nor after the CA was down', async () => {
    const first = await external().reserve('open sesame', use('t1'));
    expect(await external().reserve('open sesame', use('t1'))).toMatchObject({ kind: 'held' });
    if (first.kind !== 'valid') throw new Error(first.kind);
    await external().release(first.id, 't1');
    expect(await external().reserve('open sesame', use('t1'))).toMatchObject({ kind: 'valid' });
    expect(asked).toHaveLength(1);
  });

  test('is asked again when its yes is a day old', async () => {
    const first = await external().reserve('open sesame', use('t1'));
    if (first.kind !== 'valid') throw new Error(first.kind);
    await external().release(first.id, 't1');
    now = new Date('2026-06-02T12:00:00Z');
    answer = () => ({ kind: 'denied', detail: undefined });
    expect(await external().check('open sesame', use('t1'))).toMatchObject({ kind: 'valid' });
    expect(await external().reserve('open sesame', use('t1'))).toMatchObject({ kind: 'refused' });
  });

  test('that gives no answer refuses nothing and opens nothing, and is asked again', async () => {
    answer = () => ({ kind: 'unavailable', detail: 'it sleeps' });
    const validator = external();
    for (let time = 0; time < 2; time++) {
      expect(await validator.reserve('open sesame', use('t1'))).toEqual({
        kind: 'unavailable',
        detail: 'it sleeps',
        retryAfterSeconds: 30,
      });
    }
    expect(asked).toHaveLength(2);
    expect(await store.list({}, now)).toEqual([]);
    answer = () => ({ kind: 'allowed', attested: {} });
    expect(await validator.reserve('open sesame', use('t1'))).toMatchObject({ kind: 'valid' });
  });

  test('is no answer either when there is no room for it', async () => {
    store = createMemoryChallengeStore({ maxKeys: 1 });
    await ownPassword(own());
    expect(await external().reserve('open sesame', use('t1'))).toMatchObject({
      kind: 'unavailable',
      detail: 'no room for the answer',
    });
  });

  test('is another for other profiles, and none for the rest', async () => {
    const validator = combineValidators(own(), new Map([['wifi', external()]]));
    const there = use('t1', { profile: 'wifi' });
    expect(await validator.reserve('open sesame', there)).toMatchObject({ kind: 'valid' });
    expect(await validator.reserve('open sesame', use('t1'))).toMatchObject({
      kind: 'refused',
      reason: 'unknown',
    });
    expect(asked).toHaveLength(1);
  });

  test('is not told of challenges of our own, spent or meant for others', async () => {
    const challenges = own();
    const validator = combineValidators(challenges, new Map([['default', external()]]));
    const password = await ownPassword(challenges);
    await validator.reserve(password, use('t1'));
    expect(await validator.reserve(password, use('t2'))).toMatchObject({ reason: 'used' });
    expect(asked).toEqual([]);
  });
});

describe('a denial', () => {
  test('is repeated for a minute without asking', async () => {
    const validator = external();
    const denied = {
      kind: 'refused',
      id: undefined,
      reason: 'denied',
      detail: 'not on the list',
    };
    expect(await validator.reserve('open barley', use('t1'))).toEqual(denied);
    now = new Date('2026-06-01T12:00:59Z');
    expect(await validator.reserve('open barley', use('t1'))).toEqual(denied);
    expect(await validator.check('open barley', use('t1'))).toEqual(denied);
    expect(asked).toHaveLength(1);
    now = new Date('2026-06-01T12:01:00Z');
    await validator.reserve('open barley', use('t1'));
    expect(asked).toHaveLength(2);
  });

  test('lasts no longer when the clock is set back', async () => {
    const validator = external();
    await validator.reserve('open barley', use('t1'));
    now = new Date('2026-05-01T12:00:00Z');
    await validator.reserve('open barley', use('t1'));
    expect(asked).toHaveLength(2);
  });

  test('is for this challenge and transaction alone', async () => {
    const validator = external();
    await validator.reserve('open barley', use('t1'));
    expect(await validator.reserve('open sesame', use('t1'))).toMatchObject({ kind: 'valid' });
    await validator.reserve('open barley', use('t2'));
    expect(asked).toHaveLength(3);
  });
});

describe('what the validator vouches for', () => {
  test('limits the SANs of the request', async () => {
    answer = () => ({ kind: 'allowed', attested: { san: ['dns:other.example.com'] } });
    const validator = external();
    const refused = { kind: 'refused', reason: 'binding' };
    expect(await validator.reserve('open sesame', use('t1'))).toMatchObject({
      ...refused,
      detail: 'dns:device-1.example.com is not among the SANs it is bound to',
    });
    expect(await validator.reserve('open sesame', use('t1'))).toMatchObject(refused);
    expect(asked).toHaveLength(1);
    const right = use('t2', { san: ['dns:other.example.com'] });
    expect(await validator.reserve('open sesame', right)).toMatchObject({ kind: 'valid' });
    const changed = use('t2', { san: ['dns:third.example.com'] });
    expect(await validator.reserve('open sesame', changed)).toMatchObject(refused);
    expect(await validator.check('open sesame', changed)).toMatchObject(refused);
  });

  test('is for the key it was asked about', async () => {
    const validator = external();
    await validator.reserve('open sesame', use('t1'));
    const otherKey = use('t1', { keyId: 'cd'.repeat(32) });
    expect(await validator.reserve('open sesame', otherKey)).toMatchObject({ reason: 'binding' });
  });

  test('is the SID of the certificate, still there when the request comes back', async () => {
    const sid = 'S-1-5-21-1-2-3-1104';
    answer = () => ({ kind: 'allowed', attested: { sid } });
    expect(await external().reserve('open sesame', use('t1'))).toMatchObject({
      kind: 'valid',
      sid,
    });
    expect(await external().reserve('open sesame', use('t1'))).toMatchObject({ kind: 'held', sid });
  });
});
