import type { SettingsStore } from '../store/index.js';

const day = 24 * 3_600_000;
/** A gateway that rested for less lost nobody's trust in its clock, and a clock so much ahead drops little. */
const mostGapMillis = 7 * day;
/** Time to see the line in the log, and to set the clock. */
const holdMillis = 7 * day;

const heldUntilKey = 'retention.heldUntil';

/**
 * By a clock that is years ahead everything is old. Where much time went by since the round before, nobody
 * here can know whether the gateway rested or its clock was set: then nothing is dropped for a week of that
 * clock. A clock that is set back ends it, for it was that clock's week.
 *
 * @param lastRound undefined for the first
 * @returns until when nothing is to be dropped; undefined while all is well
 */
export async function retentionHold(
  settings: Pick<SettingsStore, 'get' | 'set'>,
  { lastRound, now }: { readonly lastRound: Date | undefined; readonly now: Date },
): Promise<Date | undefined> {
  const gap = lastRound === undefined ? 0 : now.getTime() - lastRound.getTime();
  if (gap > mostGapMillis) {
    const until = new Date(now.getTime() + holdMillis);
    await settings.set(heldUntilKey, until.toISOString());
    return until;
  }
  const kept = await settings.get(heldUntilKey);
  if (kept === undefined) return undefined;
  const until = new Date(kept);
  const left = until.getTime() - now.getTime();
  return left > 0 && left <= holdMillis ? until : undefined;
}
