/** Lets one through at a time, in order. */
export interface Gate {
  pass<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * A KDC that does not answer holds a thread for half a minute, and node has four of them for files, DNS
 * and passwords together: so one waits at a time.
 */
export function createGate(): Gate {
  let last: Promise<unknown> = Promise.resolve();
  return {
    pass(work) {
      const turn = last.then(work);
      last = turn.catch(() => undefined);
      return turn;
    },
  };
}
