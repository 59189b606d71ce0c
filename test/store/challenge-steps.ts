/** Sequences of calls that two challenge stores must answer alike. */
import fc from 'fast-check';
import type { ChallengeId, ChallengeStore } from '../../src/store/index.js';
import { at, challenge } from './records.js';

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
  fc.tuple(id, transaction, time).map(
    ([which, who, before]): Step =>
      (store) =>
        store.reclaim(which, who, before),
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

export const challengeSteps: fc.Arbitrary<readonly Step[]> = fc.array(step, {
  minLength: 5,
  maxLength: 40,
});
