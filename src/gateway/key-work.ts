import type { KeyQueue } from '../http/index.js';

/** What the private keys have to do: uses of one that are under way or wait. */
export interface KeyWork extends KeyQueue {
  /** Counts `work`, which uses a key once. */
  count<T>(work: () => Promise<T>): Promise<T>;
}

export function createKeyWork(): KeyWork {
  const listeners: (() => void)[] = [];
  let waiting = 0;
  return {
    get waiting() {
      return waiting;
    },
    onDone: (listener) => void listeners.push(listener),
    async count(work) {
      waiting += 1;
      try {
        return await work();
      } finally {
        waiting -= 1;
        for (const listener of listeners) listener();
      }
    },
  };
}
