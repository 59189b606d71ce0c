import type { Log } from '../telemetry/index.js';

const everyMillis = 10_000;

/**
 * A flood is one line every ten seconds, and not one for each request: those are at level debug, for the
 * disk under the log and for the time that writing takes.
 *
 * @param now milliseconds that never go back
 */
export function tellTurnedAway(
  log: Pick<Log, 'warn'>,
  now: () => number = () => performance.now(),
): (limit: string) => void {
  const counts = new Map<string, { count: number; toldAt: number }>();
  return (limit) => {
    const told = counts.get(limit) ?? { count: 0, toldAt: -Infinity };
    counts.set(limit, told);
    told.count += 1;
    if (now() - told.toldAt < everyMillis) return;
    log.warn('too much to do: some are told to come again', { limit, count: told.count });
    told.count = 0;
    told.toldAt = now();
  };
}
