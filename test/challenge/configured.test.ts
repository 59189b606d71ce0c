import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  createChallenges,
  type Challenges,
  type StaticChallenge,
} from '../../src/challenge/index.js';
import type { ChallengeId, ChallengeStore } from '../../src/store/index.js';
import { createMemoryChallengeStore } from '../../src/store/memory/index.js';
import { use } from './orders.js';

const noon = new Date('2026-06-01T12:00:00Z');
let now: Date;
let store: ChallengeStore;
let challenges: Challenges;

/** As after a restart: the same store and keys. */
function service(singlePasswordSecret = Buffer.alloc(32, 2)): Challenges {
  return createChallenges({
    store,
    secret: Buffer.alloc(32, 1),
    singlePasswordSecret,
    clock: () => now,
  });
}

beforeEach(() => {
  now = noon;
  store = createMemoryChallengeStore({ maxKeys: 1000 });
  challenges = service();
});

function fixed(name: string, changes: Partial<StaticChallenge> = {}): StaticChallenge {
  return {
    name,
    secret: `Secret of ${name}`,
    profile: 'default',
    expiresAt: undefined,
    maxUses: undefined,
    binding: {},
    ...changes,
  };
}

const verdict = async (password: string, transaction = 't', profile = 'default') => {
  const answer = await challenges.check(password, use(transaction, { profile }));
  return answer.kind === 'refused' ? answer.reason : answer.kind;
};

describe('static challenges', () => {
  test('several count side by side, for any number of devices', async () => {
    await challenges.syncStatic([fixed('old'), fixed('new')], []);
    for (const n of [1, 2, 3]) {
      expect(await challenges.reserve('Secret of old', use(`o${n}`))).toEqual({
        kind: 'valid',
        id: 'static:default:old',
        account: '(configuration)',
      });
      expect((await challenges.reserve('Secret of new', use(`n${n}`))).kind).toBe('valid');
    }
  });

  test('case and inner blanks count, blanks around do not', async () => {
    await challenges.syncStatic([fixed('s', { secret: ' abcDEF12 ' })], []);
    expect(await verdict('abcDEF12\n')).toBe('valid');
    expect(await verdict('ABCDEF12')).toBe('unknown');
    expect(await verdict('abc DEF12')).toBe('unknown');
  });

  test('each opens for its own profile, even with the same secret', async () => {
    await challenges.syncStatic(
      [
        fixed('s', { secret: 'same', profile: 'default' }),
        fixed('s', { secret: 'same', profile: 'wifi', maxUses: 1 }),
        fixed('only', { profile: 'wifi' }),
      ],
      [],
    );
    await challenges.reserve('same', use('t', { profile: 'wifi' }));
    expect(await verdict('same', 't2', 'wifi')).toBe('used');
    expect(await verdict('same', 't2', 'default')).toBe('valid');
    expect(await verdict('Secret of only', 't2', 'default')).toBe('unknown');
    expect(await verdict('Secret of only', 't2', 'wifi')).toBe('valid');
  });

  test('each has its end, its count and its binding', async () => {
    await challenges.syncStatic(
      [
        fixed('short', { expiresAt: new Date('2026-06-01T13:00:00Z') }),
        fixed('twice', { maxUses: 2 }),
        fixed('lan', { binding: { requester: '10.0.0.0/8' } }),
      ],
      [],
    );
    expect(await verdict('Secret of lan')).toBe('binding');
    await challenges.reserve('Secret of twice', use('t1'));
    await challenges.reserve('Secret of twice', use('t2'));
    expect(await verdict('Secret of twice', 't3')).toBe('used');
    expect(await verdict('Secret of twice', 't2')).toBe('held');
    expect(await verdict('Secret of short')).toBe('valid');
    now = new Date('2026-06-01T13:00:00Z');
    expect(await verdict('Secret of short')).toBe('expired');
  });

  test('uses outlive a restart and a prune', async () => {
    const once = fixed('once', { maxUses: 1 });
    await challenges.syncStatic([once], []);
    await challenges.reserve('Secret of once', use('t1'));
    await challenges.confirm('static:default:once' as ChallengeId, 't1');
    now = new Date('2027-06-01T12:00:00Z');
    await challenges.prune();
    challenges = service();
    await challenges.syncStatic([once], []);
    expect(await verdict('Secret of once', 't2')).toBe('used');
  });

  test('one that left the configuration is revoked, and counts again when it returns', async () => {
    await challenges.syncStatic([fixed('a'), fixed('b')], []);
    await challenges.syncStatic([fixed('b')], []);
    expect(await verdict('Secret of a')).toBe('revoked');
    expect(await verdict('Secret of b')).toBe('valid');
    await challenges.syncStatic([fixed('a'), fixed('b')], []);
    expect(await verdict('Secret of a')).toBe('valid');
  });

  test('a revocation by an administrator outlives a restart, until the secret changes', async () => {
    await challenges.syncStatic([fixed('a')], []);
    await challenges.revoke('static:default:a' as ChallengeId);
    challenges = service();
    await challenges.syncStatic([fixed('a')], []);
    expect(await verdict('Secret of a')).toBe('revoked');
    await challenges.syncStatic([fixed('a', { secret: 'fresh' })], []);
    expect(await verdict('fresh')).toBe('valid');
    expect(await verdict('Secret of a')).toBe('unknown');
  });

  test('under a new name the same secret counts on', async () => {
    await challenges.syncStatic([fixed('a', { secret: 'x' })], []);
    await challenges.syncStatic([fixed('b', { secret: 'x' })], []);
    expect(await challenges.check('x', use('t'))).toMatchObject({ id: 'static:default:b' });
  });

  test('leaves dynamic challenges alone', async () => {
    const outcome = await challenges.issue({
      account: 'mdm',
      quota: 5,
      binding: {},
      length: 8,
      validityMinutes: 60,
      maxUses: 1,
    });
    await challenges.syncStatic([], []);
    expect(await verdict(outcome.kind === 'issued' ? outcome.password : '')).toBe('valid');
  });

  test('an unchanged configuration writes nothing', async () => {
    await challenges.syncStatic([fixed('a')], [{ profile: 'wifi', length: 8 }]);
    const before = await challenges.list({});
    now = new Date('2026-07-01T12:00:00Z');
    await challenges.syncStatic([fixed('a')], [{ profile: 'wifi', length: 8 }]);
    expect(await challenges.list({})).toEqual(before);
  });

  test.each([
    [
      'twins by secret',
      [fixed('a', { secret: 'x' }), fixed('b', { secret: 'x ' })],
      'Two static challenges are the same: static:default:a and static:default:b.',
    ],
    [
      'twins by name',
      [fixed('a'), fixed('a', { secret: 'y' })],
      'Two static challenges are the same: static:default:a and static:default:a.',
    ],
    [
      'an empty secret',
      [fixed('a', { secret: '  ' })],
      'The static challenge a of profile default is empty.',
    ],
  ])('refuses %s', async (_name, configured, message) => {
    await expect(challenges.syncStatic(configured, [])).rejects.toMatchObject({
      code: 'config.invalid',
      message,
    });
    expect(await challenges.list({})).toEqual([]);
  });
});

describe('single password', () => {
  test('is derived: the same at every start, another for each profile and key', async () => {
    const password = await challenges.singlePassword('default', 8);
    expect(password).toMatch(/^[0-9A-F]{16}$/);
    expect(await service().singlePassword('default', 8)).toBe(password);
    expect(await service().singlePassword('wifi', 8)).not.toBe(password);
    expect(await service(Buffer.alloc(32, 3)).singlePassword('default', 8)).not.toBe(password);
    expect(await service().singlePassword('default', 32)).toMatch(/^[0-9A-F]{64}$/);
  });

  test('opens without limit, for its profile', async () => {
    const password = await challenges.singlePassword('default', 8);
    for (const n of [1, 2, 3])
      expect(await challenges.reserve(password.toLowerCase(), use(`t${n}`))).toEqual({
        kind: 'valid',
        id: 'single:default',
        account: '(configuration)',
      });
    now = new Date('2036-06-01T12:00:00Z');
    expect(await verdict(password, 't4')).toBe('valid');
    expect(await verdict(password, 't4', 'wifi')).toBe('binding');
  });

  test('stands from the start where the configuration has it, and ends with it', async () => {
    const password = await challenges.singlePassword('default', 8);
    await challenges.syncStatic([], []);
    expect(await verdict(password)).toBe('revoked');
    await challenges.syncStatic([], [{ profile: 'default', length: 8 }]);
    expect(await verdict(password)).toBe('valid');
    await challenges.syncStatic([], [{ profile: 'default', length: 16 }]);
    expect(await verdict(password)).toBe('unknown');
  });
});
