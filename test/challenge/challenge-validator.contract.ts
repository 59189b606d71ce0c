import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ChallengeValidator } from '../../src/challenge/index.js';
import type { ChallengeId } from '../../src/store/index.js';
import { use } from './orders.js';

export interface JudgedChallenges {
  readonly validator: ChallengeValidator;
  /** A challenge that opens once, for `use('t1')`. */
  good(): Promise<string>;
  /** One that opens nothing. */
  readonly bad: string;
}

/** What everybody does who judges challenges. `make` gives one that has judged nothing. */
export function challengeValidatorContract(
  name: string,
  make: () => Promise<JudgedChallenges>,
): void {
  describe(`ChallengeValidator contract: ${name}`, () => {
    let judged: JudgedChallenges;
    let validator: ChallengeValidator;
    let password: string;

    beforeEach(async () => {
      judged = await make();
      validator = judged.validator;
      password = await judged.good();
    });

    async function reserve(): Promise<ChallengeId> {
      const verdict = await validator.reserve(password, use('t1'));
      if (verdict.kind !== 'valid') throw new Error(verdict.kind);
      return verdict.id;
    }

    test('a good challenge is reserved, and held from then on', async () => {
      const id = await reserve();
      expect(await validator.reserve(password, use('t1'))).toMatchObject({ kind: 'held', id });
      expect(await validator.check(password, use('t1'))).toMatchObject({ kind: 'held', id });
    });

    test('to check reserves nothing', async () => {
      expect(await validator.check(password, use('t1'))).toMatchObject({ kind: 'valid' });
      expect(await validator.check(password, use('t1'))).toMatchObject({ kind: 'valid' });
      await reserve();
    });

    test('of many at once one reserves, the others hold', async () => {
      const verdicts = await Promise.all(
        Array.from({ length: 20 }, () => validator.reserve(password, use('t1'))),
      );
      const kinds = verdicts.map(({ kind }) => kind).sort();
      expect(kinds).toEqual([...Array.from({ length: 19 }, () => 'held'), 'valid']);
    });

    test('what is given back is there again', async () => {
      const id = await reserve();
      await validator.release(id, 't1');
      await validator.release(id, 't1');
      expect(await validator.check(password, use('t1'))).toMatchObject({ kind: 'valid' });
      expect(await reserve()).toBe(id);
    });

    test('what is spent is gone, and held for who spent it', async () => {
      const id = await reserve();
      await validator.confirm(id, 't1');
      await validator.confirm(id, 't1');
      await validator.release(id, 't1');
      expect(await validator.check(password, use('t1'))).toMatchObject({ kind: 'held', id });
      expect(await validator.reserve(password, use('t1'))).toMatchObject({
        kind: 'refused',
        reason: 'used',
      });
    });

    test('a stranger spends and gives back nothing', async () => {
      const id = await reserve();
      await validator.confirm(id, 't2');
      await validator.release(id, 't2');
      expect(await validator.reserve(password, use('t1'))).toMatchObject({ kind: 'held' });
    });

    test('a bad challenge is refused, again and again', async () => {
      for (let time = 0; time < 3; time++) {
        const verdict = await validator.reserve(judged.bad, use('t1'));
        expect(verdict).toMatchObject({ kind: 'refused' });
      }
      expect(await validator.check(judged.bad, use('t1'))).toMatchObject({ kind: 'refused' });
    });

    test('no verdict holds the challenge', async () => {
      const verdicts = [
        await validator.check(password, use('t1')),
        await validator.reserve(password, use('t1')),
        await validator.reserve(judged.bad, use('t1')),
      ];
      expect(JSON.stringify(verdicts)).not.toContain(password);
      expect(JSON.stringify(verdicts)).not.toContain(judged.bad);
    });
  });
}
