import { callerKey } from './caller-key.js';
import type { OpenTallyBook } from './tally-exchange.js';
import { createWindowCounter, type Rate } from './window-counter.js';

/** Counts what callers do, each on their own. */
export interface RateLimit {
  /** Counts one. Seconds to wait when it is beyond the limit, else 0. */
  take(caller: string): Promise<number>;
  /** Counts nothing. Seconds to wait when the limit is used up, else 0. */
  wait(caller: string): Promise<number>;
}

export function createRateLimit(rate: Rate, share?: OpenTallyBook): RateLimit {
  const counter = createWindowCounter(rate, { share });
  return {
    async take(caller) {
      const { used, secondsLeft } = await counter.add(callerKey(caller));
      return used > rate.count ? secondsLeft : 0;
    },
    async wait(caller) {
      const { used, secondsLeft } = await counter.look(callerKey(caller));
      return used >= rate.count ? secondsLeft : 0;
    },
  };
}

/** Limits before expensive work. */
export interface RateLimits {
  /** PKIOperations, by client address. */
  readonly operations: RateLimit;
  /** PKIOperations whose challenge was refused, by client address: beyond it the address has to wait. */
  readonly refusedChallenges: RateLimit;
  /** PKIOperations that are no SCEP message or fail their cryptographic checks, by client address: likewise. */
  readonly brokenMessages: RateLimit;
  /** Challenges that were asked for, by account. */
  readonly challenges: RateLimit;
}

/** @param share where several gateways count together: the book of a counter by name */
export function createRateLimits(
  rates: Readonly<Record<keyof RateLimits, Rate>>,
  share?: (counter: string) => OpenTallyBook,
): RateLimits {
  return {
    operations: createRateLimit(rates.operations, share?.('operations')),
    refusedChallenges: createRateLimit(rates.refusedChallenges, share?.('refused-challenges')),
    brokenMessages: createRateLimit(rates.brokenMessages, share?.('broken-messages')),
    challenges: createRateLimit(rates.challenges, share?.('challenges')),
  };
}
