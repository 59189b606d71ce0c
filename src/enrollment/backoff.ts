/** Bounds of a wait that doubles: first and longest, milliseconds. */
export interface Pace {
  readonly firstMillis: number;
  readonly longestMillis: number;
}

/**
 * Exponential backoff with equal jitter: half of the wait is certain, half is chance, so that what failed
 * together does not come back together.
 *
 * @param attempts failures so far, 1 or more
 * @param random a number from 0 up to 1
 * @returns milliseconds
 */
export function backoffMillis(attempts: number, pace: Pace, random: () => number): number {
  const doublings = Math.min(Math.max(attempts, 1) - 1, 30);
  const wait = Math.min(pace.longestMillis, pace.firstMillis * 2 ** doublings);
  return Math.round(wait / 2 + (wait / 2) * random());
}
