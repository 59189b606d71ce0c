import { GatewayError } from '../errors/index.js';

/** @param caller whose operation it is */
export type OperationGate = <T>(caller: string, work: () => Promise<T>) => Promise<T>;

/** How many times the free places one caller may hold. */
const share = 3;

/**
 * At most `places` operations in work; who comes later is told so at once, before any work is done.
 * A caller gets another place while it holds less than three times as many as are free: one alone gets
 * three quarters, two together six sevenths, and whoever holds none needs only one that is free.
 * The gate throws GatewayError `http.overload`, and tells `refused` before.
 */
export function createOperationGate(places: number, refused: () => void): OperationGate {
  const held = new Map<string, number>();
  let inWork = 0;
  return async (caller, work) => {
    const own = held.get(caller) ?? 0;
    if (own >= share * (places - inWork)) {
      refused();
      throw new GatewayError('http.overload', 'Too many operations at once.', {
        mend: 'Try again in a few seconds.',
      });
    }
    inWork += 1;
    held.set(caller, own + 1);
    try {
      return await work();
    } finally {
      inWork -= 1;
      const left = (held.get(caller) ?? 1) - 1;
      if (left === 0) held.delete(caller);
      else held.set(caller, left);
    }
  };
}
