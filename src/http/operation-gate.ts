import { GatewayError } from '../errors/index.js';
import { createShares } from './shares.js';

export interface OperationGate {
  /** Nothing is taken: asked before anything is read or computed. @throws as `run` does */
  require(caller: string): void;
  /**
   * @param caller whose operation it is
   * @throws GatewayError `http.overload` when there is no place, before `work` is begun
   */
  run<T>(caller: string, work: () => Promise<T>): Promise<T>;
  readonly inWork: number;
}

/** What waits for private keys, counted in uses of a key. */
export interface KeyQueue {
  readonly waiting: number;
  /** Infinity while nobody knows how fast the keys are. */
  readonly most: number;
}

/**
 * At most `places` operations in work, and none more while the private keys have enough to do; who comes
 * later is told so at once, before any work is done, and `refused` is told before. Places are shared as
 * `createShares` says. Operations that wait for a CA or a disk hold a place, but leave the keys to others.
 */
export function createOperationGate(
  places: number,
  refused: () => void,
  keys?: KeyQueue,
): OperationGate {
  const shares = createShares(places);

  function isFull(caller: string): boolean {
    if (!shares.has(caller)) return true;
    return keys !== undefined && !shares.leaves(caller, keys.most - keys.waiting, keys.waiting);
  }

  function require(caller: string): void {
    if (!isFull(caller)) return;
    refused();
    throw new GatewayError('http.overload', 'Too many operations at once.', {
      mend: 'Try again in a few seconds.',
    });
  }

  return {
    require,
    async run(caller, work) {
      require(caller);
      const leave = shares.take(caller);
      try {
        return await work();
      } finally {
        leave();
      }
    },
    get inWork() {
      return shares.taken;
    },
  };
}
