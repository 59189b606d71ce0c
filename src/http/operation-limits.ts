import { originText, type RateLimits } from '../access/index.js';
import { GatewayError } from '../errors/index.js';
import type { Exchange } from './exchange.js';

/**
 * Turns an address away that sends too much, before its message is read. With 503, which every client
 * takes for "later"; certmonger gives up at any other code.
 * @throws GatewayError `http.overload`
 */
export async function admitOperation(
  { operations, refusedChallenges, brokenMessages }: RateLimits,
  { origin }: Pick<Exchange, 'origin'>,
): Promise<void> {
  const caller = originText(origin);
  const seconds = Math.max(
    await operations.take(caller),
    await refusedChallenges.wait(caller),
    await brokenMessages.wait(caller),
  );
  if (seconds === 0) return;
  throw new GatewayError('http.overload', 'Too many requests from this address.', {
    mend: `Try again in ${seconds} s.`,
    retryAfterSeconds: seconds,
  });
}
