import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { OpenTallyBook } from './tally-exchange.js';

/** `count` in a window of `seconds` that begins with the first. */
export interface Rate {
  readonly count: number;
  readonly seconds: number;
}

interface WindowState {
  readonly used: number;
  /** Until the window ends; at least 1. */
  readonly secondsLeft: number;
}

/** Counts by key, each in its own window. */
export interface WindowCounter {
  add(key: string): Promise<WindowState>;
  look(key: string): Promise<WindowState>;
}

/** A stranger may come from any number of addresses: beyond this many the oldest count is forgotten. */
const mostKeys = 100_000;

/** Who did less than this part of what he may is not told to other gateways: together they have room for many. */
const toldFrom = 1 / 16;

export function createWindowCounter(
  { count, seconds }: Rate,
  {
    most = mostKeys,
    share,
  }: { readonly most?: number; readonly share?: OpenTallyBook | undefined } = {},
): WindowCounter {
  const counter = new RateLimiterMemory({ points: count, duration: seconds });
  const known = new Set<string>();

  async function remember(key: string): Promise<void> {
    known.delete(key);
    known.add(key);
    const [oldest] = known;
    if (known.size <= most || oldest === undefined) return;
    known.delete(oldest);
    await counter.delete(oldest);
  }

  const book = share?.({
    seconds,
    least: count * toldFrom,
    raise: async (key, used, secondsLeft) => {
      const state = await counter.get(key);
      if (state && state.consumedPoints >= used) return;
      await counter.set(key, used, secondsLeft);
      await remember(key);
    },
  });

  return {
    async add(key) {
      const { consumedPoints, msBeforeNext } = await counter.penalty(key);
      book?.note(key);
      await remember(key);
      return { used: consumedPoints, secondsLeft: wholeSeconds(msBeforeNext) };
    },
    async look(key) {
      const state = await counter.get(key);
      if (!state) return { used: 0, secondsLeft: seconds };
      return { used: state.consumedPoints, secondsLeft: wholeSeconds(state.msBeforeNext) };
    },
  };
}

function wholeSeconds(millis: number): number {
  return Math.max(1, Math.ceil(millis / 1000));
}
