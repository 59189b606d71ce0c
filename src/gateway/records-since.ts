import type { SettingsStore } from '../store/index.js';

/** `<time> <place>`. A backup that is restored is to have none: see ./store-upkeep.ts. */
export const recordsSinceKey = 'records.since';

/**
 * Since when the records know of every transaction. What came before the first start, or before a restored
 * backup was started, may have had one that nobody here remembers, while challenges on a server of their own
 * remember its use.
 *
 * @param place what the records are in: elsewhere they came from a copy
 */
export async function recordsSince(
  settings: Pick<SettingsStore, 'get' | 'swap'>,
  place: string,
  now: Date,
): Promise<Date> {
  for (;;) {
    const written = await settings.get(recordsSinceKey);
    const [since = '', ...rest] = written?.split(' ') ?? [];
    if (rest.join(' ') === place && !Number.isNaN(Date.parse(since))) return new Date(since);
    // Of gateways that start together, one writes it.
    if (await settings.swap(recordsSinceKey, written, `${now.toISOString()} ${place}`)) return now;
  }
}
