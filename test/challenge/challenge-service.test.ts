import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  createChallenges,
  type ChallengeOrder,
  type Challenges,
  type ChallengeSource,
  type UpstreamChallenge,
} from '../../src/challenge/index.js';
import { GatewayError } from '../../src/errors/index.js';
import type { ChallengeStore } from '../../src/store/index.js';
import { createMemoryChallengeStore } from '../../src/store/memory/index.js';
import { order, use } from './orders.js';

const noon = new Date('2026-06-01T12:00:00Z');
let now: Date;
let store: ChallengeStore;
let challenges: Challenges;

const secret = Buffer.alloc(32, 1);
const singlePasswordSecret = Buffer.alloc(32, 2);

function service(changes: Partial<Parameters<typeof createChallenges>[0]> = {}): Challenges {
  return createChallenges({ store, secret, singlePasswordSecret, clock: () => now, ...changes });
}

beforeEach(() => {
  now = noon;
  store = createMemoryChallengeStore({ maxKeys: 10_000 });
  challenges = service();
});

function pass(minutes: number): void {
  now = new Date(now.getTime() + minutes * 60_000);
}

async function issued(changes: Partial<ChallengeOrder> = {}) {
  const outcome = await challenges.issue(order(changes));
  if (outcome.kind === 'full') throw new Error('full');
  return outcome;
}

describe('issue', () => {
  test('makes twice as many upper-case hex digits as octets, from the randomness it is given', async () => {
    const sizes: number[] = [];
    challenges = service({
      randomBytes: (size) => {
        sizes.push(size);
        return Buffer.alloc(size, 0xab);
      },
    });
    expect(await challenges.issue(order({ length: 8, validityMinutes: 90 }))).toEqual({
      kind: 'issued',
      id: 'ab'.repeat(10),
      password: 'ABABABABABABABAB',
      expiresAt: new Date('2026-06-01T13:30:00Z'),
    });
    expect(sizes).toEqual([8, 10]);
  });

  test('keeps no password, only what its key tells apart', async () => {
    const { id, password } = await issued();
    const record = await store.find(id);
    expect(JSON.stringify(record).toUpperCase()).not.toContain(password);
    expect(record).toMatchObject({ account: 'mdm', maxUses: 1, uses: 0, binding: {} });
    expect(record?.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(await service({ secret: Buffer.alloc(32, 9) }).check(password, use('t'))).toMatchObject({
      kind: 'refused',
      reason: 'unknown',
    });
  });

  test('says full when the account has its quota, and has room again later', async () => {
    expect((await challenges.issue(order({ quota: 1 }))).kind).toBe('issued');
    expect(await challenges.issue(order({ quota: 1 }))).toEqual({ kind: 'full' });
    expect((await challenges.issue(order({ quota: 1, account: 'other' }))).kind).toBe('issued');
    pass(60);
    expect((await challenges.issue(order({ quota: 1 }))).kind).toBe('issued');
  });

  test('refuses a binding that could never fit', async () => {
    await expect(challenges.issue(order({ binding: { requester: 'x' } }))).rejects.toMatchObject({
      code: 'challenge.binding',
    });
  });

  test('insists on keys of 32 octets', () => {
    expect(() => service({ secret: Buffer.alloc(16) })).toThrow('A challenge key needs 32 octets.');
  });
});

describe('check and reserve', () => {
  test('a fresh challenge opens once', async () => {
    const { id, password } = await issued();
    const valid = { kind: 'valid', id, account: 'mdm' };
    expect(await challenges.check(password, use('t1'))).toEqual(valid);
    expect(await challenges.reserve(password, use('t1'))).toEqual(valid);
    const held = { kind: 'held', id, account: 'mdm' };
    expect(await challenges.check(password, use('t1'))).toEqual(held);
    expect(await challenges.reserve(password, use('t1'))).toEqual(held);
    const used = { kind: 'refused', id, reason: 'used', detail: undefined };
    expect(await challenges.check(password, use('t2'))).toEqual(used);
    expect(await challenges.reserve(password, use('t2'))).toEqual(used);
  });

  test('check reserves nothing', async () => {
    const { password } = await issued();
    await challenges.check(password, use('t1'));
    expect((await challenges.reserve(password, use('t2'))).kind).toBe('valid');
  });

  test.each([
    ['lower case', (password: string) => password.toLowerCase()],
    ['blanks around', (password: string) => ` ${password}\r\n`],
  ])('forgives %s', async (_name, change) => {
    const { password } = await issued();
    expect((await challenges.check(change(password), use('t'))).kind).toBe('valid');
  });

  test.each([
    ['nothing', () => ''],
    ['a digit less', (password: string) => password.slice(1)],
    ['a digit more', (password: string) => `${password}0`],
    ['a blank inside', (password: string) => `${password.slice(0, 8)} ${password.slice(8)}`],
    ['twice', (password: string) => password + password],
  ])('does not know: %s', async (_name, change) => {
    const { password } = await issued();
    for (const verdict of [
      await challenges.check(change(password), use('t')),
      await challenges.reserve(change(password), use('t')),
    ])
      expect(verdict).toEqual({
        kind: 'refused',
        id: undefined,
        reason: 'unknown',
        detail: undefined,
      });
  });

  test('expired and revoked challenges say so', async () => {
    const [short, gone] = [await issued({ validityMinutes: 5 }), await issued()];
    expect(await challenges.revoke(gone.id)).toBe(true);
    pass(5);
    for (const [{ id, password }, reason] of [
      [short, 'expired'],
      [gone, 'revoked'],
    ] as const) {
      const refused = { kind: 'refused', id, reason, detail: undefined };
      expect(await challenges.check(password, use('t'))).toEqual(refused);
      expect(await challenges.reserve(password, use('t'))).toEqual(refused);
    }
  });

  test('a bound challenge stays open when it does not fit', async () => {
    const { id, password } = await issued({ binding: { profile: 'wifi' } });
    const refused = {
      kind: 'refused',
      id,
      reason: 'binding',
      detail: 'bound to profile wifi, used in default',
    };
    expect(await challenges.check(password, use('t'))).toEqual(refused);
    expect(await challenges.reserve(password, use('t'))).toEqual(refused);
    expect((await store.find(id))?.uses).toBe(0);
    expect((await challenges.reserve(password, use('t', { profile: 'wifi' }))).kind).toBe('valid');
  });

  test('release gives it back, confirm never does', async () => {
    const { id, password } = await issued();
    await challenges.reserve(password, use('t1'));
    await challenges.release(id, 't1');
    expect((await challenges.reserve(password, use('t2'))).kind).toBe('valid');
    await challenges.confirm(id, 't2');
    await challenges.release(id, 't2');
    expect((await challenges.check(password, use('t2'))).kind).toBe('held');
    for (const transaction of ['t2', 't3'])
      expect(await challenges.reserve(password, use(transaction))).toMatchObject({
        reason: 'used',
      });
  });

  test('property: only the exact challenge opens', async () => {
    const { password } = await issued();
    const digit = fc.nat(15).map((value) => value.toString(16).toUpperCase());
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: digit, minLength: 16, maxLength: 16 }),
      fc
        .tuple(fc.nat(15), digit)
        .map(([at, other]) => password.slice(0, at) + other + password.slice(at + 1)),
    );
    await fc.assert(
      fc.asyncProperty(text, async (presented) => {
        const opens = (await challenges.check(presented, use('t'))).kind === 'valid';
        expect(opens).toBe(presented.trim().toUpperCase() === password);
      }),
      { numRuns: 500 },
    );
  });

  test('property: two transactions never hold a single-use challenge at once', async () => {
    const transaction = fc.constantFrom('t1', 't2', 't3');
    const step = fc.tuple(fc.constantFrom('reserve', 'confirm', 'release'), transaction);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { id, password } = await issued({ quota: 10_000 });
        let holder: string | undefined;
        let spent = false;
        for (const [action, who] of steps) {
          if (action === 'reserve') {
            const { kind } = await challenges.reserve(password, use(who));
            const isHolder = holder === who && !spent;
            expect(kind).toBe(holder === undefined ? 'valid' : isHolder ? 'held' : 'refused');
            holder ??= who;
          } else {
            await challenges[action](id, who);
            if (holder === who && action === 'confirm') spent = true;
            if (holder === who && action === 'release' && !spent) holder = undefined;
          }
        }
      }),
    );
  });

  test('of 50 concurrent transactions one gets it', async () => {
    const { password } = await issued();
    const verdicts = await Promise.all(
      Array.from({ length: 50 }, (_, n) => challenges.reserve(password, use(`t${n}`))),
    );
    expect(verdicts.filter((verdict) => verdict.kind === 'valid')).toHaveLength(1);
  });
});

describe('list and prune', () => {
  test('a closed challenge is shown for a day', async () => {
    const { id } = await issued();
    pass(60);
    expect((await challenges.list({ state: 'expired' })).map((record) => record.id)).toEqual([id]);
    pass(24 * 60);
    expect(await challenges.prune()).toBe(0);
    pass(1);
    expect(await challenges.prune()).toBe(1);
    expect(await challenges.list({})).toEqual([]);
  });
});

describe('a challenge of an upstream NDES', () => {
  let answers: UpstreamChallenge[];
  const source: ChallengeSource = {
    checksBindings: true,
    fetch: () => {
      const answer = answers.shift();
      if (answer) return Promise.resolve(answer);
      return Promise.reject(new GatewayError('upstream.full', 'Its cache is full.'));
    },
  };
  const oneTime = (password: string, validityMinutes = 60): UpstreamChallenge => ({
    kind: 'one-time',
    password,
    validityMinutes,
  });

  test('is handed on, remembered by its keyed hash, and good once', async () => {
    answers = [oneTime('00112233445566AA')];
    const outcome = await issued({ source, binding: { profile: 'default' } });
    expect(outcome).toMatchObject({ password: '00112233445566AA' });
    expect(JSON.stringify(await store.find(outcome.id))).not.toContain('00112233445566AA');
    expect(await challenges.reserve('00112233445566aa', use('t1'))).toMatchObject({
      kind: 'valid',
    });
    expect(await challenges.reserve('00112233445566AA', use('t2'))).toMatchObject({
      kind: 'refused',
      reason: 'used',
    });
  });

  test.each([
    [60, 10, 10],
    [10, 60, 10],
  ])('lives %i minutes here and %i there: %i', async (here, there, lives) => {
    answers = [oneTime('00112233445566AA', there)];
    const { expiresAt } = await issued({ source, validityMinutes: here });
    expect(expiresAt).toEqual(new Date(noon.getTime() + lives * 60_000));
  });

  test('counts for the quota, and beyond it none is fetched', async () => {
    answers = [oneTime('00112233445566AA'), oneTime('00112233445566BB')];
    expect((await challenges.issue(order({ source, quota: 1 }))).kind).toBe('issued');
    expect(await challenges.issue(order({ source, quota: 1 }))).toEqual({ kind: 'full' });
    expect(answers).toHaveLength(1);
  });

  test('keeps its bindings', async () => {
    answers = [oneTime('00112233445566AA')];
    await issued({ source, binding: { subject: 'CN=device-2' } });
    expect(await challenges.check('00112233445566AA', use('t'))).toMatchObject({
      kind: 'refused',
      reason: 'binding',
    });
  });

  test('that lasts has one record, and its successor ends it', async () => {
    const lasting = (password: string): UpstreamChallenge => ({ kind: 'lasting', password });
    answers = [
      lasting('AAAAAAAAAAAAAAAA'),
      lasting('AAAAAAAAAAAAAAAA'),
      lasting('BBBBBBBBBBBBBBBB'),
    ];
    const ordered = { source, binding: { profile: 'default' } };
    expect(await issued(ordered)).toMatchObject({ lasting: true, password: 'AAAAAAAAAAAAAAAA' });
    for (const transaction of ['t1', 't2', 't3']) {
      expect(await challenges.reserve('AAAAAAAAAAAAAAAA', use(transaction))).toMatchObject({
        kind: 'valid',
      });
    }
    await issued(ordered);
    expect(await store.list({}, now)).toHaveLength(1);
    expect(await store.list({}, now)).toMatchObject([{ uses: 3 }]);
    await issued(ordered);
    expect(await challenges.check('AAAAAAAAAAAAAAAA', use('t4'))).toMatchObject({
      reason: 'unknown',
    });
    expect(await challenges.check('BBBBBBBBBBBBBBBB', use('t4'))).toMatchObject({ kind: 'valid' });
  });

  test('cannot promise more uses, nor a binding that nobody sees', async () => {
    answers = [oneTime('00112233445566AA')];
    const sealed = { ...source, checksBindings: false };
    await expect(challenges.issue(order({ source, maxUses: 2 }))).rejects.toMatchObject({
      code: 'challenge.binding',
    });
    await expect(
      challenges.issue(order({ source: sealed, binding: { subject: 'CN=x' } })),
    ).rejects.toMatchObject({ code: 'challenge.binding' });
    expect(answers).toHaveLength(1);
    expect(
      (await challenges.issue(order({ source: sealed, binding: { profile: 'default' } }))).kind,
    ).toBe('issued');
  });

  test('that is not given is nobody’s', async () => {
    answers = [];
    await expect(challenges.issue(order({ source }))).rejects.toMatchObject({
      code: 'upstream.full',
    });
    expect(await store.list({}, now)).toEqual([]);
  });
});

describe('a clock that is set', () => {
  test('back by less than a challenge is good for: it is good', async () => {
    const { password } = await issued({ validityMinutes: 60 });
    pass(-59);
    expect(await challenges.check(password, use('T1'))).toMatchObject({ kind: 'valid' });
    expect(await challenges.reserve(password, use('T1'))).toMatchObject({ kind: 'valid' });
  });

  test('back by more: what was made before does not live until then', async () => {
    const { password } = await issued({ validityMinutes: 60 });
    pass(-61);
    const refusal = { kind: 'refused', reason: 'expired' };
    expect(await challenges.check(password, use('T1'))).toMatchObject(refusal);
    expect(await challenges.reserve(password, use('T1'))).toMatchObject(refusal);
    const { password: fresh } = await issued({ validityMinutes: 60 });
    expect(await challenges.check(fresh, use('T1'))).toMatchObject({ kind: 'valid' });
  });

  test('back while a request holds it: the request gets its answer', async () => {
    const { password } = await issued({ validityMinutes: 60 });
    expect(await challenges.reserve(password, use('T1'))).toMatchObject({ kind: 'valid' });
    pass(-24 * 60);
    expect(await challenges.check(password, use('T1'))).toMatchObject({ kind: 'held' });
    expect(await challenges.reserve(password, use('T1'))).toMatchObject({ kind: 'held' });
  });

  test('forward by less than it is good for, and back: nothing is lost', async () => {
    const { password } = await issued({ validityMinutes: 60 });
    pass(59);
    expect(await challenges.check(password, use('T1'))).toMatchObject({ kind: 'valid' });
    pass(24 * 60);
    expect(await challenges.check(password, use('T1'))).toMatchObject({ reason: 'expired' });
    await challenges.prune();
    pass(-24 * 60);
    expect(await challenges.check(password, use('T1'))).toMatchObject({ kind: 'valid' });
  });
});
