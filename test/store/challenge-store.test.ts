import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  createMemoryChallengeStore,
  openSqliteStores,
  type ChallengeId,
  type ChallengeStore,
} from '../../src/store/index.js';
import { challengeStoreContract, type OpenedStore } from './challenge-store.contract.js';
import { at, challenge, noon } from './records.js';

const directory = mkdtempSync(join(tmpdir(), 'challenge-store-'));
let files = 0;

afterAll(() => rmSync(directory, { recursive: true }));

async function sqlite(): Promise<OpenedStore> {
  const stores = await openSqliteStores(join(directory, `${++files}.db`));
  return { store: stores.challenges, close: () => stores.close() };
}

function memory(): Promise<OpenedStore> {
  const store = createMemoryChallengeStore({ maxKeys: 10_000 });
  return Promise.resolve({ store, close: () => Promise.resolve() });
}

challengeStoreContract('SQLite', sqlite);
challengeStoreContract('memory', memory);

test('only SQLite says it is durable', async () => {
  const opened = await sqlite();
  expect(opened.store.durable).toBe(true);
  expect((await memory()).store.durable).toBe(false);
  await opened.close();
});

type Step = (store: ChallengeStore) => Promise<unknown>;

const id = fc.constantFrom('a', 'b', 'c').map((text) => text as ChallengeId);
const transaction = fc.constantFrom('t1', 't2', 't3');
const account = fc.constantFrom('mdm', 'other');
const time = fc.integer({ min: 0, max: 90 }).map(at);
const uses = fc.constantFrom(1, 2, undefined);
const expiry = fc.option(time, { nil: undefined });

const step: fc.Arbitrary<Step> = fc.oneof(
  fc
    .tuple(id, account, expiry, uses, fc.integer({ min: 0, max: 3 }), time)
    .map(([which, owner, expiresAt, maxUses, quota, createdAt]): Step => async (store) => {
      const isNew = (await store.find(which)) === undefined;
      const record = challenge(which, { account: owner, expiresAt, maxUses, createdAt });
      return isNew && store.add(record, quota);
    }),
  fc.tuple(id, account, expiry, uses, time).map(
    ([which, owner, expiresAt, maxUses, createdAt]): Step =>
      (store) =>
        store.put(challenge(which, { account: owner, expiresAt, maxUses, createdAt })),
  ),
  fc.tuple(id, transaction, time).map(
    ([which, who, now]): Step =>
      (store) =>
        store.reserve(which, who, now),
  ),
  fc.tuple(id, transaction).map(
    ([which, who]): Step =>
      (store) =>
        store.confirm(which, who),
  ),
  fc.tuple(id, transaction).map(
    ([which, who]): Step =>
      (store) =>
        store.release(which, who),
  ),
  fc.tuple(id, time).map(
    ([which, now]): Step =>
      (store) =>
        store.revoke(which, now),
  ),
  time.map(
    (before): Step =>
      (store) =>
        store.prune(before),
  ),
  fc.tuple(fc.constantFrom('open', 'used', 'expired', 'revoked'), time).map(
    ([state, now]): Step =>
      (store) =>
        store.list({ state }, now),
  ),
);

test('both stores answer every sequence of calls alike', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const [one, other] = await Promise.all([sqlite(), memory()]);
      try {
        for (const run of steps) expect(await run(other.store)).toEqual(await run(one.store));
        expect(await other.store.list({}, noon)).toEqual(await one.store.list({}, noon));
      } finally {
        await one.close();
      }
    }),
    { numRuns: 60 },
  );
});
