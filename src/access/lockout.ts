import { createHash } from 'node:crypto';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { OpenTallyBook } from './tally-exchange.js';

/** Counts failed sign-ins per account, known or not, so that a lock tells nothing about who exists. */
export interface Lockout {
  /** Seconds until the account opens again; 0 when it is open. */
  remaining(account: string): Promise<number>;
  /**
   * Records a failure. True for the one that locked the account.
   * @param ours its name where it is one of ours: what else strangers type is told to nobody
   */
  fail(account: string, ours?: string): Promise<boolean>;
}

/** Strangers send any names: beyond this many the count is forgotten that was quiet for the longest. */
const mostAccounts = 100_000;

/** `failures` within `seconds` lock the account for `seconds`. A success in between forgives nothing. */
export function createLockout(options: {
  readonly failures: number;
  readonly seconds: number;
  readonly mostAccounts?: number;
  /** With the lock of other gateways. */
  readonly share?: OpenTallyBook | undefined;
  /** Told where failures here and elsewhere locked an account together; `ours` as in `fail`. */
  readonly lockedTogether?: (ours: string | undefined) => void;
}): Lockout {
  const { failures, seconds } = options;
  const most = options.mostAccounts ?? mostAccounts;
  const counter = new RateLimiterMemory({ points: failures, duration: seconds });
  /** Each with its name, where it is one of ours. */
  const open = new Map<string, string | undefined>();
  /** Forgotten last: else a flood of names would open an account that is locked. */
  const locked = new Map<string, string | undefined>();

  async function remaining(key: string): Promise<number> {
    const state = await counter.get(key);
    if (!state || state.consumedPoints < failures) return 0;
    return Math.max(1, Math.ceil(state.msBeforeNext / 1000));
  }

  async function remember(key: string, isLocked: boolean, ours?: string): Promise<void> {
    open.delete(key);
    locked.delete(key);
    (isLocked ? locked : open).set(key, ours);
    if (open.size + locked.size <= most) return;
    const [oldest = ''] = (open.size > 0 ? open : locked).keys();
    open.delete(oldest);
    locked.delete(oldest);
    await counter.delete(oldest);
  }

  const book = options.share?.({ seconds, least: 1, raise });

  /** As all gateways counted together. */
  async function raise(key: string, used: number, secondsLeft: number): Promise<void> {
    const state = await counter.get(key);
    const here = state?.consumedPoints ?? 0;
    if (here >= used) return;
    // None of the gateways may know that it was its failure that filled the measure.
    const begins = used >= failures && here > 0 && here < failures;
    const left = begins ? seconds : Math.ceil((state?.msBeforeNext ?? 0) / 1000);
    await counter.set(key, used, Math.max(left, secondsLeft));
    const ours = open.get(key) ?? locked.get(key);
    await remember(key, used >= failures, ours);
    if (!begins) return;
    book?.note(key, true);
    options.lockedTogether?.(ours);
  }

  return {
    remaining: (account) => remaining(counterKey(account)),
    async fail(account, ours) {
      const key = counterKey(account);
      const { consumedPoints } = await counter.penalty(key);
      if (consumedPoints === failures) await counter.block(key, seconds);
      book?.note(key, consumedPoints === failures);
      await remember(key, consumedPoints >= failures, ours);
      return consumedPoints === failures;
    },
  };
}

/** Of one size, whatever name a stranger sends. */
function counterKey(account: string): string {
  return createHash('sha256').update(account).digest('base64');
}
