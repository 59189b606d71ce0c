import { RateLimiterMemory } from 'rate-limiter-flexible';
import { parseIpAddress, subscriberOf } from '../address/index.js';

/** `count` in a window of `seconds` that begins with the first. */
export interface Rate {
  readonly count: number;
  readonly seconds: number;
}

/** Counts what callers do, each on their own. */
export interface RateLimit {
  /** Counts one. Seconds to wait when it is beyond the limit, else 0. */
  take(caller: string): Promise<number>;
  /** Counts nothing. Seconds to wait when the limit is used up, else 0. */
  wait(caller: string): Promise<number>;
}

export function createRateLimit({ count, seconds }: Rate): RateLimit {
  const counter = new RateLimiterMemory({ points: count, duration: seconds });
  return {
    async take(caller) {
      const { consumedPoints, msBeforeNext } = await counter.penalty(callerKey(caller));
      return consumedPoints > count ? wholeSeconds(msBeforeNext) : 0;
    },
    async wait(caller) {
      const state = await counter.get(callerKey(caller));
      return state && state.consumedPoints >= count ? wholeSeconds(state.msBeforeNext) : 0;
    },
  };
}

function wholeSeconds(millis: number): number {
  return Math.max(1, Math.ceil(millis / 1000));
}

/** One IPv6 subscriber is one caller, whatever address of its 2^64 it takes next. */
function callerKey(caller: string): string {
  const address = parseIpAddress(caller);
  return address === undefined ? caller.slice(0, 128) : subscriberOf(address);
}

/** Limits before expensive work. */
export interface RateLimits {
  /** PKIOperations, by client address. */
  readonly operations: RateLimit;
  /** PKIOperations whose challenge was refused, by client address: beyond it the address has to wait. */
  readonly refusedChallenges: RateLimit;
  /** Challenges that were asked for, by account. */
  readonly challenges: RateLimit;
}

export function createRateLimits(rates: Readonly<Record<keyof RateLimits, Rate>>): RateLimits {
  return {
    operations: createRateLimit(rates.operations),
    refusedChallenges: createRateLimit(rates.refusedChallenges),
    challenges: createRateLimit(rates.challenges),
  };
}
