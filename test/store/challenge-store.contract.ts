import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ChallengeId, ChallengeStore } from '../../src/store/index.js';
import { at, challenge, noon } from './records.js';

export interface OpenedStore {
  readonly store: ChallengeStore;
  close(): Promise<void>;
}

const idOf = (id: string) => id as ChallengeId;

/** What every ChallengeStore does. `make` gives an empty one. */
export function challengeStoreContract(name: string, make: () => Promise<OpenedStore>): void {
  describe(`ChallengeStore contract: ${name}`, () => {
    let opened: OpenedStore;
    let store: ChallengeStore;

    beforeEach(async () => {
      opened = await make();
      store = opened.store;
    });
    afterEach(() => opened.close());

    describe('add and find', () => {
      test('gives back what was added, every field', async () => {
        const record = challenge('a', {
          binding: {
            profile: 'wifi',
            subject: 'CN=device-1',
            san: ['dns:a.example', 'ip:192.0.2.1'],
            key: 'ab'.repeat(32),
            requester: '192.0.2.0/24',
            device: ['C02XYZ', '5E0D'],
            sid: 'S-1-5-21-1-2-3-500',
          },
          maxUses: 3,
        });
        expect(await store.add(record, 1)).toBe(true);
        expect(await store.find(record.id)).toEqual(record);
        expect(await store.findByDigest(record.digest)).toEqual(record);
      });

      test('knows no limit and no end', async () => {
        const record = challenge('a', { maxUses: undefined, expiresAt: undefined });
        await store.add(record, 1);
        expect(await store.find(record.id)).toEqual(record);
      });

      test('answers undefined for a stranger', async () => {
        expect(await store.find(idOf('a'))).toBeUndefined();
        expect(await store.findByDigest(challenge('a').digest)).toBeUndefined();
      });
    });

    test('counts by state', async () => {
      expect(await store.count(noon)).toEqual({ open: 0, used: 0, expired: 0, revoked: 0 });
      for (const id of ['a', 'b', 'c', 'd', 'e']) {
        await store.add(challenge(id, { expiresAt: at(id === 'd' ? 5 : 60) }), 10);
      }
      await store.add(challenge('f', { maxUses: undefined, expiresAt: undefined }), 10);
      await store.reserve(idOf('a'), 't', noon);
      await store.revoke(idOf('b'), noon);
      await store.revoke(idOf('a'), at(1));
      await store.reserve(idOf('c'), 't', noon);
      expect(await store.count(at(5))).toEqual({ open: 2, used: 1, expired: 1, revoked: 2 });
    });

    describe('quota', () => {
      test('turns away the one too many of an account, not of another', async () => {
        expect(await store.add(challenge('a'), 2)).toBe(true);
        expect(await store.add(challenge('b'), 2)).toBe(true);
        expect(await store.add(challenge('c'), 2)).toBe(false);
        expect(await store.find(idOf('c'))).toBeUndefined();
        expect(await store.add(challenge('d', { account: 'other' }), 2)).toBe(true);
      });

      test('a quota of zero lets nothing in', async () => {
        expect(await store.add(challenge('a'), 0)).toBe(false);
      });

      test('holds under concurrent orders', async () => {
        const orders = Array.from({ length: 20 }, (_, n) => store.add(challenge(`c${n}`), 5));
        expect((await Promise.all(orders)).filter((added) => added)).toHaveLength(5);
      });

      test('counts only what is open at that time', async () => {
        await store.add(challenge('used'), 3);
        await store.add(challenge('revoked'), 3);
        await store.add(challenge('expired', { expiresAt: at(10) }), 3);
        expect(await store.add(challenge('early', { createdAt: at(5) }), 3)).toBe(false);
        await store.reserve(idOf('used'), 't', noon);
        await store.revoke(idOf('revoked'), noon);
        const later = { createdAt: at(10), expiresAt: at(70) };
        expect(await store.add(challenge('x', later), 3)).toBe(true);
        expect(await store.add(challenge('y', later), 3)).toBe(true);
        expect(await store.add(challenge('z', later), 3)).toBe(true);
        expect(await store.add(challenge('full', later), 3)).toBe(false);
      });

      test('a released challenge counts again, a pruned one no more', async () => {
        await store.add(challenge('a'), 1);
        await store.reserve(idOf('a'), 't', noon);
        await store.release(idOf('a'), 't');
        expect(await store.add(challenge('b'), 1)).toBe(false);
        await store.prune(at(61));
        expect(await store.add(challenge('b'), 1)).toBe(true);
      });

      test('a challenge released after its time is not open', async () => {
        await store.add(challenge('a'), 1);
        await store.reserve(idOf('a'), 't', noon);
        await store.release(idOf('a'), 't');
        expect(await store.add(challenge('b', { createdAt: at(60) }), 1)).toBe(true);
      });

      test('sees 700 expired challenges off at once', async () => {
        await Promise.all(
          Array.from({ length: 700 }, (_, n) => store.add(challenge(`c${n}`), 700)),
        );
        expect(await store.add(challenge('x', { createdAt: at(59) }), 700)).toBe(false);
        const later = { createdAt: at(60), expiresAt: at(120) };
        expect(await store.add(challenge('x', later), 1)).toBe(true);
        expect(await store.add(challenge('y', later), 1)).toBe(false);
      });
    });

    describe('reserve', () => {
      test('exactly one of 100 transactions gets a single-use challenge', async () => {
        await store.add(challenge('a'), 1);
        const outcomes = await Promise.all(
          Array.from({ length: 100 }, (_, n) => store.reserve(idOf('a'), `t${n}`, noon)),
        );
        expect(outcomes.filter((outcome) => outcome.kind === 'reserved')).toHaveLength(1);
        expect(
          outcomes.filter((outcome) => outcome.kind === 'refused' && outcome.reason === 'used'),
        ).toHaveLength(99);
        expect((await store.find(idOf('a')))?.uses).toBe(1);
      });

      test('the same transaction takes one use, however often it asks', async () => {
        await store.add(challenge('a', { maxUses: 2 }), 1);
        const outcomes = await Promise.all(
          Array.from({ length: 10 }, () => store.reserve(idOf('a'), 't', noon)),
        );
        expect(outcomes.map((outcome) => outcome.kind).sort()).toEqual([
          ...Array.from({ length: 9 }, () => 'held'),
          'reserved',
        ]);
        expect((await store.find(idOf('a')))?.uses).toBe(1);
      });

      test('a challenge for three opens for three', async () => {
        await store.add(challenge('a', { maxUses: 3 }), 1);
        for (const id of ['t1', 't2', 't3'])
          expect(await store.reserve(idOf('a'), id, noon)).toEqual({ kind: 'reserved' });
        expect(await store.reserve(idOf('a'), 't4', noon)).toEqual({
          kind: 'refused',
          reason: 'used',
        });
      });

      test('one without limit never ends', async () => {
        await store.add(challenge('a', { maxUses: undefined, expiresAt: undefined }), 1);
        for (let n = 0; n < 50; n++)
          expect(await store.reserve(idOf('a'), `t${n}`, at(1e6))).toEqual({ kind: 'reserved' });
        expect((await store.find(idOf('a')))?.uses).toBe(50);
      });

      test.each([
        ['unknown', 'nobody', noon],
        ['expired', 'a', at(60)],
        ['revoked', 'r', noon],
      ] as const)('refuses: %s', async (reason, id, now) => {
        await store.add(challenge('a'), 2);
        await store.add(challenge('r'), 2);
        await store.revoke(idOf('r'), noon);
        expect(await store.reserve(idOf(id), 't', now)).toEqual({ kind: 'refused', reason });
        expect(await store.isHeld(idOf(id), 't')).toBe(false);
      });

      test('the last millisecond still counts', async () => {
        await store.add(challenge('a'), 1);
        const last = new Date(at(60).getTime() - 1);
        expect(await store.reserve(idOf('a'), 't', last)).toEqual({ kind: 'reserved' });
      });

      test('who holds it keeps it after expiry and revocation', async () => {
        await store.add(challenge('a'), 1);
        await store.reserve(idOf('a'), 't', noon);
        await store.revoke(idOf('a'), noon);
        expect(await store.reserve(idOf('a'), 't', at(100))).toEqual({ kind: 'held' });
      });
    });

    describe('confirm and release', () => {
      beforeEach(async () => {
        await store.add(challenge('a'), 1);
        await store.reserve(idOf('a'), 't', noon);
      });

      test('release gives it to the next transaction', async () => {
        await store.release(idOf('a'), 't');
        expect(await store.isHeld(idOf('a'), 't')).toBe(false);
        expect(await store.reserve(idOf('a'), 't2', noon)).toEqual({ kind: 'reserved' });
        expect(await store.isHeld(idOf('a'), 't2')).toBe(true);
      });

      test('confirm never gives it back', async () => {
        await store.confirm(idOf('a'), 't');
        await store.confirm(idOf('a'), 't');
        await store.release(idOf('a'), 't');
        expect(await store.isHeld(idOf('a'), 't')).toBe(true);
        for (const transaction of ['t', 't2'])
          expect(await store.reserve(idOf('a'), transaction, noon)).toEqual({
            kind: 'refused',
            reason: 'used',
          });
        expect((await store.find(idOf('a')))?.uses).toBe(1);
      });

      test('who has spent a use of several takes another one', async () => {
        await store.add(challenge('s', { maxUses: 2 }), 9);
        for (const uses of [1, 2]) {
          expect(await store.reserve(idOf('s'), 't', noon)).toEqual({ kind: 'reserved' });
          await store.confirm(idOf('s'), 't');
          expect((await store.find(idOf('s')))?.uses).toBe(uses);
        }
        const refused = { kind: 'refused', reason: 'used' };
        expect(await store.reserve(idOf('s'), 't', noon)).toEqual(refused);
      });

      test('a second release takes no second use back', async () => {
        await Promise.all([store.release(idOf('a'), 't'), store.release(idOf('a'), 't')]);
        expect((await store.find(idOf('a')))?.uses).toBe(0);
      });

      test('a stranger can neither confirm nor release', async () => {
        await store.confirm(idOf('a'), 'stranger');
        await store.release(idOf('a'), 'stranger');
        await store.confirm(idOf('nobody'), 't');
        await store.release(idOf('nobody'), 't');
        expect(await store.isHeld(idOf('a'), 'stranger')).toBe(false);
        expect((await store.find(idOf('a')))?.uses).toBe(1);
      });
    });

    describe('what is reserved and idle', () => {
      const idle = async (before: Date) => {
        const found: string[] = [];
        for await (const part of store.idleReservations(before))
          found.push(...part.map((each) => `${each.challenge} ${each.transaction}`));
        return found.sort();
      };

      test('is found, with when its challenge was made', async () => {
        await store.add(challenge('a', { createdAt: at(-1) }), 9);
        await store.put(challenge('s', { maxUses: 3 }));
        await store.add(challenge('free'), 9);
        await store.add(challenge('spent'), 9);
        await store.put(challenge('unlimited', { maxUses: undefined }));
        for (const id of ['a', 's', 'spent', 'unlimited'])
          await store.reserve(idOf(id), 't1', noon);
        await store.reserve(idOf('s'), 't2', at(1));
        await store.confirm(idOf('spent'), 't1');
        expect(await idle(noon)).toEqual([]);
        expect(await idle(at(1))).toEqual(['a t1', 's t1']);
        expect(await idle(at(2))).toEqual(['a t1', 's t1', 's t2']);
        const parts = [];
        for await (const part of store.idleReservations(at(1)))
          parts.push(...part.filter((each) => each.challenge === 'a'));
        expect(parts).toEqual([
          { challenge: 'a', createdAt: at(-1), transaction: 't1', touchedAt: noon },
        ]);
      });

      test('is found and given back by itself, though its challenge is in daily use', async () => {
        const day = 24 * 60;
        await store.put(challenge('s', { maxUses: 9, expiresAt: undefined }));
        await store.reserve(idOf('s'), 'dead', noon);
        for (const days of [0, 1, 2]) {
          await store.reserve(idOf('s'), `served-${days}`, at(days * day));
          await store.confirm(idOf('s'), `served-${days}`);
        }
        await store.reserve(idOf('s'), 'fresh', at(2 * day));
        await store.reserve(idOf('s'), 'patient', noon);
        expect(await store.reserve(idOf('s'), 'patient', at(2 * day))).toEqual({ kind: 'held' });
        expect(await idle(at(day))).toEqual(['s dead']);
        for (const alive of ['fresh', 'patient', 'served-0'])
          expect(await store.reclaim(idOf('s'), alive, at(day))).toBe(false);
        expect(await store.reclaim(idOf('s'), 'dead', at(day))).toBe(true);
        expect(await idle(at(day))).toEqual([]);
        expect((await store.find(idOf('s')))?.uses).toBe(5);
      });

      test('of a use that was spent before counts from when it was taken again', async () => {
        await store.put(challenge('s', { maxUses: 9 }));
        await store.reserve(idOf('s'), 't', noon);
        await store.confirm(idOf('s'), 't');
        expect(await store.reserve(idOf('s'), 't', at(5))).toEqual({ kind: 'reserved' });
        expect(await idle(at(5))).toEqual([]);
        expect(await idle(at(6))).toEqual(['s t']);
      });

      test('of more challenges than one part holds', async () => {
        const ids = Array.from({ length: 1100 }, (_, n) => `c${n}`);
        for (const half of [ids.slice(0, 550), ids.slice(550)])
          await Promise.all(half.map((id) => store.add(challenge(id), 2000)));
        for (const id of [ids[0], ids[550], ids[1099]])
          await store.reserve(idOf(id ?? ''), 't', noon);
        expect(await idle(at(1))).toEqual(['c0 t', 'c1099 t', 'c550 t']);
      });

      test('is given back once, and to nobody who still wants it', async () => {
        await store.add(challenge('a'), 1);
        await store.reserve(idOf('a'), 't', noon);
        expect(await store.reclaim(idOf('a'), 't', noon)).toBe(false);
        expect(await store.reclaim(idOf('a'), 'stranger', at(1))).toBe(false);
        expect(await store.reserve(idOf('a'), 't', at(5))).toEqual({ kind: 'held' });
        expect(await idle(at(5))).toEqual([]);
        expect(await store.reclaim(idOf('a'), 't', at(5))).toBe(false);
        const twice = [1, 2].map(() => store.reclaim(idOf('a'), 't', at(6)));
        expect((await Promise.all(twice)).sort()).toEqual([false, true]);
        expect((await store.find(idOf('a')))?.uses).toBe(0);
        expect(await store.isHeld(idOf('a'), 't')).toBe(false);
        expect(await store.add(challenge('b'), 1)).toBe(false);
        expect(await store.reserve(idOf('a'), 't2', at(6))).toEqual({ kind: 'reserved' });
      });

      test('what is spent stays spent', async () => {
        await store.add(challenge('a'), 1);
        await store.reserve(idOf('a'), 't', noon);
        await store.confirm(idOf('a'), 't');
        expect(await store.reclaim(idOf('a'), 't', at(1))).toBe(false);
        expect(await store.reclaim(idOf('nobody'), 't', at(1))).toBe(false);
        expect((await store.find(idOf('a')))?.uses).toBe(1);
      });
    });

    describe('put', () => {
      test('replaces by id and keeps the uses', async () => {
        const first = challenge('static:p:n', { maxUses: 2 });
        await store.put(first);
        await store.reserve(first.id, 't', noon);
        const next = challenge('static:p:n', {
          digest: challenge('other').digest,
          maxUses: undefined,
          expiresAt: undefined,
          binding: { profile: 'p' },
        });
        await store.put(next);
        expect(await store.find(first.id)).toEqual({ ...next, uses: 1 });
        expect(await store.findByDigest(first.digest)).toBeUndefined();
        expect((await store.findByDigest(next.digest))?.id).toBe(first.id);
        expect(await store.isHeld(first.id, 't')).toBe(true);
      });

      test('takes a revocation back', async () => {
        await store.put(challenge('s'));
        await store.revoke(idOf('s'), noon);
        await store.put(challenge('s'));
        expect(await store.reserve(idOf('s'), 't', noon)).toEqual({ kind: 'reserved' });
      });

      test('under a new name, the one that counts is found', async () => {
        const { digest } = challenge('old');
        await store.put(challenge('old'));
        await store.put(challenge('new', { digest }));
        await store.revoke(idOf('old'), noon);
        expect((await store.findByDigest(digest))?.id).toBe('new');
        await store.revoke(idOf('new'), noon);
        await store.put(challenge('old'));
        expect((await store.findByDigest(digest))?.id).toBe('old');
      });

      test('moves between accounts with its place in the quota', async () => {
        await store.put(challenge('s'));
        await store.put(challenge('s', { account: 'other' }));
        expect(await store.add(challenge('a'), 1)).toBe(true);
        expect(await store.add(challenge('b', { account: 'other' }), 1)).toBe(false);
      });
    });

    describe('revoke', () => {
      test('once and for all, keeping the first date', async () => {
        await store.add(challenge('a'), 1);
        expect(await store.revoke(idOf('a'), at(1))).toBe(true);
        expect(await store.revoke(idOf('a'), at(2))).toBe(true);
        expect((await store.find(idOf('a')))?.revokedAt).toEqual(at(1));
      });

      test('false for a stranger', async () => {
        expect(await store.revoke(idOf('a'), noon)).toBe(false);
      });
    });

    describe('list', () => {
      beforeEach(async () => {
        await store.add(challenge('open'), 9);
        await store.add(challenge('used'), 9);
        await store.add(challenge('short', { expiresAt: at(5) }), 9);
        await store.add(challenge('revoked', { account: 'other' }), 9);
        await store.add(challenge('lasting', { expiresAt: undefined, maxUses: undefined }), 9);
        await store.reserve(idOf('used'), 't', noon);
        await store.revoke(idOf('revoked'), noon);
      });

      const ids = async (...parameters: Parameters<ChallengeStore['list']>) =>
        (await store.list(...parameters)).map((record) => record.id);

      test('newest first, as many as asked for', async () => {
        expect(await ids({}, noon)).toEqual(['lasting', 'revoked', 'short', 'used', 'open']);
        expect(await ids({ limit: 2 }, noon)).toEqual(['lasting', 'revoked']);
      });

      test.each([
        ['open', ['lasting', 'open']],
        ['used', ['used']],
        ['expired', ['short']],
        ['revoked', ['revoked']],
      ] as const)('state %s', async (state, expected) => {
        expect(await ids({ state }, at(5))).toEqual(expected);
      });

      test('a used one stays used after its time', async () => {
        expect(await ids({ state: 'used' }, at(100))).toEqual(['used']);
        expect(await ids({ state: 'expired' }, at(100))).toEqual(['short', 'open']);
      });

      test('of one account', async () => {
        expect(await ids({ account: 'other' }, noon)).toEqual(['revoked']);
        expect(await ids({ account: 'other', state: 'open' }, noon)).toEqual([]);
      });
    });

    describe('prune', () => {
      test('drops the expired and the used up, keeps the rest', async () => {
        await store.add(challenge('expired', { expiresAt: at(5) }), 9);
        await store.add(challenge('used', { expiresAt: undefined }), 9);
        await store.add(challenge('open'), 9);
        await store.add(challenge('recent', { expiresAt: undefined }), 9);
        await store.reserve(idOf('used'), 't', at(1));
        await store.confirm(idOf('used'), 't');
        await store.reserve(idOf('recent'), 't', at(20));
        await store.confirm(idOf('recent'), 't');
        expect(await store.prune(at(10))).toBe(2);
        expect((await store.list({}, noon)).map((record) => record.id)).toEqual(['recent', 'open']);
        expect(await store.isHeld(idOf('used'), 't')).toBe(false);
        expect(await store.prune(at(10))).toBe(0);
      });

      test('keeps what a pending transaction holds', async () => {
        await store.add(challenge('a'), 1);
        await store.reserve(idOf('a'), 't', noon);
        expect(await store.prune(at(1000))).toBe(0);
        expect(await store.isHeld(idOf('a'), 't')).toBe(true);
        await store.confirm(idOf('a'), 't');
        expect(await store.prune(at(1000))).toBe(1);
      });

      test('keeps challenges of the configuration', async () => {
        await store.put(challenge('s'));
        await store.reserve(idOf('s'), 't', noon);
        await store.confirm(idOf('s'), 't');
        expect(await store.prune(at(1000))).toBe(0);
        expect((await store.find(idOf('s')))?.uses).toBe(1);
      });

      test('drops 600 at once', async () => {
        await Promise.all(
          Array.from({ length: 600 }, (_, n) => store.add(challenge(`c${n}`), 600)),
        );
        expect(await store.prune(at(61))).toBe(600);
      });
    });
  });
}
