import { Random } from './random.js';
import type { Probe } from './target.js';

const usualOctets = 16 * 1024;

/** Input `n` of `seed`: the same whenever the target and its seeds are the same. */
export async function makeInput(probe: Probe, seed: number, n: number): Promise<Buffer> {
  const random = Random.of(seed, n);
  const made = probe.generate
    ? await probe.generate(random, probe.seeds)
    : probe.mutate(random, random.pick(probe.seeds), random.pick(probe.seeds));
  return made.subarray(0, probe.mostOctets ?? usualOctets);
}
