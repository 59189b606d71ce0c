import { corpusOf } from './corpus.js';
import type { Probe, Target } from './target.js';

/** The probe with the corpus among its seeds. */
export async function preparedProbe(target: Target): Promise<Probe> {
  const probe = await target.prepare();
  const corpus = corpusOf(target.name).map(({ input }) => input);
  return { ...probe, seeds: [...probe.seeds, ...corpus] };
}
