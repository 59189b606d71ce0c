/** What the private keys have to do, and how much of it may wait. */
export interface KeyWork {
  /** Uses of a key that are under way or wait for one. */
  readonly waiting: number;
  /** Beyond it nobody else is let in; Infinity while nobody knows how fast the keys are. */
  readonly most: number;
  /** Counts `work`, which uses a key once. */
  count<T>(work: () => Promise<T>): Promise<T>;
}

/** So many keep every core busy; with fewer, what is measured is how seldom somebody asks. */
const busy = 8;
const windowMillis = 250;
/** However slow the keys are. */
const alwaysLetIn = 16;

/**
 * Keys differ by a factor of fifty (RSA 2048 on eight cores, 4096 on one, a token), so the queue before them
 * is bounded by time: what is let in waits for them no longer than `waitMillis` each time it needs one.
 * How fast they are is seen when they are busy.
 *
 * @param now milliseconds that never go back
 */
export function createKeyWork(
  waitMillis: number,
  now: () => number = () => performance.now(),
): KeyWork {
  let waiting = 0;
  let perMilli: number | undefined;
  let window: { readonly since: number; done: number } | undefined;

  function begin(): void {
    waiting += 1;
    if (waiting >= busy) window ??= { since: now(), done: 0 };
  }

  function end(): void {
    waiting -= 1;
    if (window === undefined) return;
    window.done += 1;
    const millis = now() - window.since;
    if (millis >= windowMillis) {
      const seen = window.done / millis;
      perMilli = perMilli === undefined ? seen : (perMilli + seen) / 2;
      window = undefined;
    }
    if (waiting < busy) window = undefined;
    else window ??= { since: now(), done: 0 };
  }

  return {
    get waiting() {
      return waiting;
    },
    get most() {
      if (perMilli === undefined) return Infinity;
      return Math.max(alwaysLetIn, Math.round(perMilli * waitMillis));
    },
    async count(work) {
      begin();
      try {
        return await work();
      } finally {
        end();
      }
    },
  };
}
