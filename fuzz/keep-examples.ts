/** How the corpus grows: by a short example for each outcome it does not have, and by what was mended. */
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import type { TargetTally } from './campaign.js';
import { corpusOf, writeCorpus, type CorpusEntry } from './corpus.js';
import { judge } from './judge.js';
import { preparedProbe } from './prepared-probe.js';
import type { NamedTarget } from './targets.js';

const mostExamples = 12;
const mostOctets = 1500;

export async function keepExamples(
  tallies: readonly TargetTally[],
  targets: readonly NamedTarget[],
): Promise<void> {
  for (const { target, examples } of tallies) {
    const named = targets.find(({ name }) => name === target);
    if (named === undefined) continue;
    const kept: CorpusEntry[] = [...corpusOf(target)];
    const known = new Set(kept.map(({ outcome }) => outcome));
    const shortest = [...examples].sort((a, b) => a.input.length - b.input.length);
    const probe = await preparedProbe(named);
    for (const { outcome, input } of shortest) {
      const bytes = Buffer.from(input, 'base64');
      const isTooMuch = kept.length >= mostExamples || bytes.length > mostOctets;
      if (known.has(outcome) || isTooMuch) continue;
      // An outcome that hangs on what came before is no example.
      const verdict = await judge(probe, bytes);
      if (verdict.kind !== 'passed' || verdict.outcome !== outcome) continue;
      known.add(outcome);
      kept.push({ outcome, input: bytes });
    }
    await probe.close?.();
    if (kept.length > 0) writeCorpus(target, kept);
  }
}

/** A finding that is none any more, with the fault that it was. */
export function keepFinding(file: string, target: string, outcome: string): void {
  const story = existsSync(`${file}.json`)
    ? z.object({ fault: z.string() }).parse(JSON.parse(readFileSync(`${file}.json`, 'utf8')))
    : undefined;
  const was = story?.fault.split('\n')[0]?.slice(0, 120);
  const input = readFileSync(file);
  const others = corpusOf(target).filter((entry) => !entry.input.equals(input));
  writeCorpus(target, [...others, { input, outcome, was }]);
}
