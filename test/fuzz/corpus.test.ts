/** Every input on file is read as it was: what was found once stays mended. */
import { readdirSync } from 'node:fs';
import { afterAll, describe, expect, test } from '@jest/globals';
import { corpusOf } from '../../fuzz/corpus.js';
import { judge } from '../../fuzz/judge.js';
import type { Probe } from '../../fuzz/target.js';
import { allTargets } from '../../fuzz/targets.js';

const targets = await allTargets();
const open: Probe[] = [];
afterAll(async () => {
  for (const probe of open) await probe.close?.();
});

test('every file belongs to a target', () => {
  const files = readdirSync('fixtures/fuzz').filter((name) => name.endsWith('.json'));
  const names = new Set(targets.map(({ name }) => `${name}.json`));
  expect(files.filter((file) => !names.has(file))).toEqual([]);
});

describe.each(targets.filter(({ name }) => corpusOf(name).length > 0))('$name', (target) => {
  test('reads what is on file with the outcome on file', async () => {
    const probe = await target.prepare();
    open.push(probe);
    const corpus = corpusOf(target.name);
    const verdicts = [];
    for (const { input } of corpus) verdicts.push(await judge(probe, input));
    expect(
      verdicts.map((verdict) => ('fault' in verdict ? verdict.fault : verdict.outcome)),
    ).toEqual(corpus.map(({ outcome }) => outcome));
  });

  test('reads its own examples', async () => {
    const probe = await target.prepare();
    open.push(probe);
    for (const seed of probe.seeds)
      expect(await judge(probe, seed)).toMatchObject({ kind: 'passed' });
  });
});
