import type { Log } from '../telemetry/index.js';

/** What a time service corrects in steps is less. */
const noticedMillis = 5000;

/**
 * Says when the clock of the machine was set, forward or back: challenges, certificates and CRLs live by it.
 *
 * @param now the clock, and milliseconds that never go back
 * @returns to be called now and then
 */
export function watchClock(
  log: Pick<Log, 'warn'>,
  now: { readonly wall: () => number; readonly steady: () => number } = {
    wall: () => Date.now(),
    steady: () => performance.now(),
  },
): () => void {
  let offset = now.wall() - now.steady();
  return () => {
    const moved = now.wall() - now.steady() - offset;
    if (Math.abs(moved) < noticedMillis) return;
    offset += moved;
    log.warn('the clock of this machine was set', {
      seconds: Math.round(moved / 1000),
      direction: moved > 0 ? 'forward' : 'back',
    });
  };
}
