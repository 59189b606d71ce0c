import type { Log } from '../telemetry/index.js';

const everyMillis = 10_000;
/** Of one limit, between two lines: who comes after these is counted, and not named. */
const mostCallers = 1000;
const mostNamed = 20;

export interface TurnedAway {
  /** @param caller an address, or an account for what accounts ask for */
  count(limit: string, caller: string): void;
  /** A line for each limit that turned somebody away since its last one. */
  tell(): void;
}

/**
 * A flood is one line for each limit every ten seconds, and not one for each request: those are at level
 * debug, for the disk under the log and for the time that writing takes. It names those who were turned
 * away most often: somebody will ask why they got no certificate.
 */
export function countTurnedAway(log: Pick<Log, 'warn'>): TurnedAway {
  /** Of limits that turn away just now. */
  const floods = new Map<string, Tally>();

  function tellOf(limit: string, tally: Tally): void {
    log.warn('beyond a limit: some are told to come again', { limit, ...tally.summary() });
  }

  return {
    count(limit, caller) {
      const known = floods.get(limit);
      const tally = known ?? new Tally();
      tally.add(caller);
      if (known) return;
      tellOf(limit, tally);
      floods.set(limit, new Tally());
    },
    tell() {
      for (const [limit, tally] of floods) {
        floods.delete(limit);
        if (tally.count === 0) continue;
        tellOf(limit, tally);
        floods.set(limit, new Tally());
      }
    },
  };
}

/** Tells until it is stopped, and then of those that were not told of yet. */
export function startTurnedAway(log: Pick<Log, 'warn'>): TurnedAway & { stop(): void } {
  const turnedAway = countTurnedAway(log);
  const timer = setInterval(() => turnedAway.tell(), everyMillis).unref();
  return {
    ...turnedAway,
    stop() {
      clearInterval(timer);
      turnedAway.tell();
    },
  };
}

class Tally {
  count = 0;
  readonly #callers = new Map<string, number>();

  add(caller: string): void {
    this.count += 1;
    const name = caller.slice(0, 128);
    const known = this.#callers.get(name);
    if (known !== undefined || this.#callers.size < mostCallers)
      this.#callers.set(name, (known ?? 0) + 1);
  }

  summary() {
    const named = [...this.#callers].sort(([, one], [, other]) => other - one).slice(0, mostNamed);
    const told = named.reduce((sum, [, times]) => sum + times, 0);
    return {
      count: this.count,
      callers: named.map(([name, times]) => (times === 1 ? name : `${name} (${times})`)).join(', '),
      ofOthers: told < this.count ? this.count - told : undefined,
    };
  }
}
