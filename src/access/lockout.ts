import { createHash } from 'node:crypto';
import { RateLimiterMemory } from 'rate-limiter-flexible';

/** Counts failed sign-ins per account, known or not, so that a lock tells nothing about who exists. */
export interface Lockout {
  /** Seconds until the account opens again; 0 when it is open. */
  remaining(account: string): Promise<number>;
  /** Records a failure. True for the one that locked the account. */
  fail(account: string): Promise<boolean>;
}

/** `failures` within `seconds` lock the account for `seconds`. A success in between forgives nothing. */
export function createLockout(options: {
  readonly failures: number;
  readonly seconds: number;
}): Lockout {
  const { failures, seconds } = options;
  const counter = new RateLimiterMemory({ points: failures, duration: seconds });

  async function remaining(key: string): Promise<number> {
    const state = await counter.get(key);
    if (!state || state.consumedPoints < failures) return 0;
    return Math.max(1, Math.ceil(state.msBeforeNext / 1000));
  }

  return {
    remaining: (account) => remaining(counterKey(account)),
    async fail(account) {
      const key = counterKey(account);
      const { consumedPoints } = await counter.penalty(key);
      if (consumedPoints !== failures) return false;
      await counter.block(key, seconds);
      return true;
    },
  };
}

/** Of one size, whatever name a stranger sends. */
function counterKey(account: string): string {
  return createHash('sha256').update(account).digest('base64');
}
