import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ChallengeId, ChallengeServer } from '../../../src/store/index.js';
import { createMemoryChallengeStore } from '../../../src/store/memory/index.js';
import { openRedisChallenges } from '../../../src/store/redis/index.js';
import { describeWithRedis, startRedis, type RedisServer } from '../../support/redis.js';
import { challengeStoreContract } from '../challenge-store.contract.js';
import { challengeSteps } from '../challenge-steps.js';
import { at, challenge, noon } from '../records.js';

const owner = 'a'.repeat(64);
const prefix = '{scep-gateway}:';
const day = 24 * 3600 * 1000;

describeWithRedis('challenges on a Redis server', () => {
  let redis: RedisServer;
  let challenges: ChallengeServer;

  beforeAll(async () => {
    redis = await startRedis({ settings: ['appendonly no', 'save ""'] });
    challenges = openRedisChallenges(redis.connection(), owner);
  });
  afterAll(async () => {
    await challenges.close();
    await redis.remove();
  });

  async function empty() {
    await redis.command('FLUSHALL');
    return { store: challenges.store, close: () => Promise.resolve() };
  }

  /** Keys without the prefix; all of them have it. */
  async function keys(): Promise<readonly string[]> {
    const all = (await redis.command('KEYS', '*')) as string[];
    expect(all.every((key) => key.startsWith(prefix))).toBe(true);
    return all.map((key) => key.slice(prefix.length)).sort();
  }

  challengeStoreContract('Redis', empty);

  test('answers every sequence of calls as the store in memory does', async () => {
    await fc.assert(
      fc.asyncProperty(challengeSteps, async (steps) => {
        const memory = createMemoryChallengeStore({ maxKeys: 10_000 });
        const { store } = await empty();
        for (const run of steps) expect(await run(store)).toEqual(await run(memory));
        expect(await store.list({}, noon)).toEqual(await memory.list({}, noon));
        expect(await store.count(noon)).toEqual(await memory.count(noon));
      }),
      { numRuns: 60 },
    );
  });

  test('lists and counts more than one part holds, of an account whatever its name', async () => {
    const { store } = await empty();
    const account = '7:ümlaut: {x}\n';
    for (let n = 0; n < 260; n++)
      await store.add(challenge(`c${n}`, { account: n % 2 === 0 ? account : 'mdm' }), 1000);
    await store.add(challenge('static:default:a b', { account }), 1000);
    expect(await store.count(noon)).toEqual({ open: 261, used: 0, expired: 0, revoked: 0 });
    const listed = (await store.list({}, noon)).map(({ id }) => id);
    expect(listed).toHaveLength(261);
    expect(listed[0]).toBe('static:default:a b');
    expect(listed.at(-1)).toBe('c0');
    expect(await store.list({ account }, noon)).toHaveLength(131);
    expect(await store.list({ account, limit: 100 }, noon)).toHaveLength(100);
    expect(await store.prune(at(61))).toBe(261);
    expect(await keys()).toEqual(['seq']);
  });

  test('a challenge passes by itself two days after its time, not while it is reserved', async () => {
    const { store } = await empty();
    const timeLeft = async () => Number(await redis.command('PTTL', `${prefix}challenge:a`));
    await store.add(challenge('a'), 1);
    const longest = 3600_000 + 2 * day;
    expect(await timeLeft()).toBeGreaterThan(longest - day);
    expect(await timeLeft()).toBeLessThanOrEqual(longest);
    await store.reserve('a' as ChallengeId, 't', noon);
    expect(await timeLeft()).toBe(-1);
    await store.confirm('a' as ChallengeId, 't');
    expect(await timeLeft()).toBeLessThanOrEqual(longest);
    expect(await timeLeft()).toBeGreaterThan(0);
    await store.put(challenge('s'));
    expect(await redis.command('PTTL', `${prefix}challenge:s`)).toBe(-1);
  });

  test('what passed by itself leaves the lists with the next pruning', async () => {
    const { store } = await empty();
    await store.add(challenge('a'), 1);
    await redis.command('DEL', `${prefix}challenge:a`, `${prefix}digest:digest-of-a`);
    expect(await store.findByDigest(challenge('a').digest)).toBeUndefined();
    expect(await store.list({}, noon)).toEqual([]);
    expect(await store.prune(at(0))).toBe(0);
    expect(await keys()).toEqual(['seq']);
    expect(await store.add(challenge('b'), 1)).toBe(true);
  });

  test('what an earlier release reserved counts from the last use of its challenge', async () => {
    const { store } = await empty();
    const { id } = challenge('s');
    await store.put(challenge('s', { maxUses: 3 }));
    for (const [transaction, minutes] of [
      ['old', 0],
      ['new', 5],
    ] as const)
      await store.reserve(id, transaction, at(minutes));
    await redis.command('HDEL', `${prefix}challenge:s`, 'touched:old');
    const idle = async (minutes: number) => {
      const found = [];
      for await (const part of store.idleReservations(at(minutes))) found.push(...part);
      return found.map(({ transaction, touchedAt }) => [transaction, touchedAt]);
    };
    expect(await idle(5)).toEqual([]);
    expect((await idle(6)).sort()).toEqual([
      ['new', at(5)],
      ['old', undefined],
    ]);
    expect(await store.reclaim(id, 'old', at(5))).toBe(false);
    expect(await store.reclaim(id, 'old', at(6))).toBe(true);
  });

  test('one without limit gathers nothing for each enrollment', async () => {
    const { store } = await empty();
    await store.put(challenge('s', { maxUses: undefined, expiresAt: undefined }));
    const fields = async () => Number(await redis.command('HLEN', `${prefix}challenge:s`));
    const before = await fields();
    for (let n = 0; n < 20; n++) {
      await store.reserve('s' as ChallengeId, `t${n}`, noon);
      await store.confirm('s' as ChallengeId, `t${n}`);
    }
    expect(await fields()).toBe(before);
    expect(await store.isHeld('s' as ChallengeId, 't7')).toBe(true);
    expect(Number(await redis.command('PTTL', `${prefix}spent:s:t7`))).toBeGreaterThan(30 * day);
  });

  test('refuses what belongs to other keys or to a newer release', async () => {
    await empty();
    const own = openRedisChallenges(redis.connection(), owner);
    await own.store.add(challenge('a'), 1);
    const other = openRedisChallenges(redis.connection(), 'b'.repeat(64));
    await expect(other.store.find('a' as ChallengeId)).rejects.toMatchObject({
      code: 'store.schema',
      message: 'The challenges belong to a gateway with other keys.',
    });
    const apart = openRedisChallenges(
      redis.connection({ prefix: 'other:', database: 1 }),
      'b'.repeat(64),
    );
    expect(await apart.store.find('a' as ChallengeId)).toBeUndefined();
    await redis.command('HSET', `${prefix}store`, 'schema', '2');
    const newer = openRedisChallenges(redis.connection(), owner);
    await expect(newer.check(noon)).rejects.toMatchObject({
      code: 'store.schema',
      message: 'The challenges were written by another release.',
    });
    await Promise.all([own.close(), other.close(), apart.close(), newer.close()]);
  });

  test('keys that hold something else are damage, told as such', async () => {
    const { store } = await empty();
    await redis.command('SET', `${prefix}challenge:a`, 'foreign');
    await expect(store.find('a' as ChallengeId)).rejects.toMatchObject({ code: 'store.damaged' });
    await redis.command('DEL', `${prefix}challenge:a`);
    await store.add(challenge('a'), 1);
    await redis.command('HSET', `${prefix}challenge:a`, 'expires', 'soon');
    await expect(store.find('a' as ChallengeId)).rejects.toMatchObject({ code: 'store.damaged' });
  });

  test('two gateways race for a hundred challenges: each opens for one', async () => {
    const one = await empty();
    const two = openRedisChallenges(redis.connection(), owner);
    const ids = Array.from({ length: 100 }, (_, n) => `c${n}`);
    for (const id of ids) await one.store.add(challenge(id), 100);
    const outcomes = await Promise.all(
      ids.flatMap((id) =>
        [one, two].map(({ store }, n) => store.reserve(id as ChallengeId, `t${n}`, noon)),
      ),
    );
    expect(outcomes.filter(({ kind }) => kind === 'reserved')).toHaveLength(100);
    expect(outcomes.filter(({ kind }) => kind === 'refused')).toHaveLength(100);
    await two.close();
  });
});
