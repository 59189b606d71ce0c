import type { ChallengeDigest } from '../store/index.js';

/** Refusals that were heard a short while ago, so that a device that insists is not asked about again. */
export interface DenialCache {
  get(digest: ChallengeDigest): Denial | undefined;
  put(digest: ChallengeDigest, denial: Denial): void;
}

export interface Denial {
  readonly reason: 'denied' | 'binding';
  /** For the audit record. */
  readonly detail: string | undefined;
}

/** Anyone may send challenges to be denied: beyond this many the oldest is forgotten. */
const mostDenials = 10_000;

export function createDenialCache(millis: number, clock: () => Date): DenialCache {
  const denials = new Map<ChallengeDigest, { readonly until: number; readonly denial: Denial }>();
  return {
    get(digest) {
      const entry = denials.get(digest);
      const left = (entry?.until ?? 0) - clock().getTime();
      // More than was ever given: the clock was set back.
      if (left > 0 && left <= millis) return entry?.denial;
      denials.delete(digest);
      return undefined;
    },
    put(digest, denial) {
      denials.delete(digest);
      denials.set(digest, { until: clock().getTime() + millis, denial });
      const [oldest] = denials.keys();
      if (denials.size > mostDenials && oldest !== undefined) denials.delete(oldest);
    },
  };
}
