/** What private keys of this process have to do: uses of one that are under way or wait. */
export interface KeyUses {
  readonly waiting: number;
  /** Tells whenever a use of a key is over. */
  onDone(listener: () => void): void;
  /** Counts `work`, which uses a key once. */
  count<T>(work: () => Promise<T>): Promise<T>;
}

export function createKeyUses(): KeyUses {
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
