/** Every input on file is read as it was: what was found once stays mended. */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { corpusOf } from '../../fuzz/corpus.js';
import { judge } from '../../fuzz/judge.js';
import { allTargets } from '../../fuzz/targets.js';

const targets = await allTargets();

test('every file belongs to a target', () => {
  const files = readdirSync('fixtures/fuzz').filter((name) => name.endsWith('.json'));
  const names = new Set(targets.map(({ name }) => `${name}.json`));
  expect(files.filter((file) => !names.has(file))).toEqual([]);
});

describe('what is on file has the outcome on file, and a few examples are read', () => {
  test.each(targets)(
    '$name',
    async (target) => {
      const probe = await target.prepare();
      try {
        const corpus = corpusOf(target.name);
        const outcomes = [];
        for (const { input } of corpus) {
          const verdict = await judge(probe, input);
          outcomes.push(verdict.kind === 'fault' ? verdict.fault : verdict.outcome);
        }
        expect(outcomes).toEqual(corpus.map(({ outcome }) => outcome));
        for (const seed of probe.seeds.slice(0, 5)) {
          expect(await judge(probe, seed)).toMatchObject({ kind: 'passed' });
        }
      } finally {
        await probe.close?.();
      }
    },
    120_000,
  );
});
