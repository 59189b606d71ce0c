import { GatewayError } from '../errors/index.js';

export type OperationGate = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * At most `places` operations in work; who comes later is told so at once, before any work is done.
 * The gate throws GatewayError `http.overload`.
 */
export function createOperationGate(places: number): OperationGate {
  let inWork = 0;
  return async (work) => {
    if (inWork >= places) {
      throw new GatewayError('http.overload', 'Too many operations at once.', {
        mend: 'Try again in a few seconds.',
      });
    }
    inWork += 1;
    try {
      return await work();
    } finally {
      inWork -= 1;
    }
  };
}
