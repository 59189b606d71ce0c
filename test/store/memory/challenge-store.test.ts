import { describe, expect, test } from '@jest/globals';
import { createMemoryChallengeStore } from '../../../src/store/memory/index.js';
import { at, challenge, noon } from '../records.js';

describe('memory challenge store', () => {
  test('turns challenges away when it is full of open ones', async () => {
    const store = createMemoryChallengeStore({ maxKeys: 2 });
    expect(await store.add(challenge('a'), 9)).toBe(true);
    expect(await store.add(challenge('b'), 9)).toBe(true);
    expect(await store.add(challenge('c'), 9)).toBe(false);
    await expect(store.put(challenge('static'))).rejects.toMatchObject({
      code: 'store.unavailable',
    });
    expect(await store.find(challenge('a').id)).toEqual(challenge('a'));
  });

  test('gives up closed ones first, but neither reserved nor configured ones', async () => {
    const store = createMemoryChallengeStore({ maxKeys: 4 });
    await store.put(challenge('static', { expiresAt: at(5) }));
    await store.add(challenge('reserved', { expiresAt: at(5) }), 9);
    await store.add(challenge('expired', { expiresAt: at(5) }), 9);
    await store.add(challenge('spent'), 9);
    await store.reserve(challenge('reserved').id, 't', noon);
    await store.reserve(challenge('spent').id, 't', noon);
    await store.confirm(challenge('spent').id, 't');
    expect(await store.add(challenge('new', { createdAt: at(5) }), 9)).toBe(true);
    expect((await store.list({}, at(5))).map((record) => record.id)).toEqual([
      'new',
      'reserved',
      'static',
    ]);
  });

  test('replaces a configured challenge even when full', async () => {
    const store = createMemoryChallengeStore({ maxKeys: 1 });
    await store.put(challenge('static'));
    await store.put(challenge('static', { maxUses: 7 }));
    expect((await store.find(challenge('static').id))?.maxUses).toBe(7);
  });

  test('hands out records that nobody can change', async () => {
    const store = createMemoryChallengeStore({ maxKeys: 1 });
    await store.add(challenge('a'), 1);
    expect(Object.isFrozen(await store.find(challenge('a').id))).toBe(true);
    await store.reserve(challenge('a').id, 't', noon);
    expect(Object.isFrozen(await store.find(challenge('a').id))).toBe(true);
  });
});
