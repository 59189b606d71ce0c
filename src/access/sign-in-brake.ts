import { createHmac, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../errors/index.js';
import type { Authentication } from './authenticate.js';
import { callerKey } from './caller-key.js';
import type { OpenTallyBook } from './tally-exchange.js';
import { createWindowCounter, type Rate } from './window-counter.js';

/** Slows who fails to sign in, by address, and then stops it: before any password is checked. */
export interface SignInBrake {
  /**
   * Runs `check`, in its turn. A failed one resolves only after a pause that doubles each time.
   * @param caller client address
   * @param credentials the Authorization field; nothing is guessed without one
   * @throws GatewayError `http.rate` for an address that is stopped, or too many of whose sign-ins wait
   */
  attempt(
    caller: string,
    credentials: string | undefined,
    check: () => Promise<Authentication>,
  ): Promise<BrakedAuthentication>;
}

interface BrakedAuthentication extends Authentication {
  /** Seconds the address has to wait from now on; only for the failure that stopped it. */
  readonly stoppedSeconds?: number;
}

const firstPauseMillis = 250;
const longestPauseMillis = 4000;
/** Of one address, behind those that are being checked. */
const mostWaiting = 256;
const mostKnown = 1000;
const knownMillis = 3_600_000;

/**
 * `count` failures within `seconds` stop an address. Fewer than lock an account: so an account is locked
 * by several addresses only, not by one. Guesses that come at once count as failures until they are
 * checked; the same credentials sent many times at once are one guess (MDMs do that).
 *
 * What signed in from the same address within the hour is let through to its check: a wrong password
 * that somebody types behind an MDM's NAT shall not stop the MDM.
 */
export function createSignInBrake(
  rate: Rate,
  options: {
    readonly clock: () => Date;
    readonly pause?: (millis: number) => Promise<unknown>;
    readonly share?: OpenTallyBook | undefined;
  },
): SignInBrake {
  const { clock, pause = sleep, share } = options;
  const failures = createWindowCounter(rate, { share });
  const places = new Map<string, Place>();
  const known = createKnownCredentials(clock);
  const secret = randomBytes(32);

  const keyOf = (caller: string, credentials: string): string =>
    createHmac('sha256', secret).update(`${caller}\n${credentials}`).digest('base64');

  /** A place among the guesses of the caller that are being checked; waits for one to become free. */
  async function enter(caller: string, guess: string): Promise<Place> {
    const place = places.get(caller) ?? {
      running: new Map<string, number>(),
      waiting: [],
      users: 0,
    };
    places.set(caller, place);
    place.users += 1;
    try {
      for (;;) {
        const { used, secondsLeft } = await failures.look(caller);
        if (used >= rate.count) throw stopped(secondsLeft);
        if (place.running.has(guess) || used + place.running.size < rate.count) {
          place.running.set(guess, (place.running.get(guess) ?? 0) + 1);
          wakeTwins(place, guess);
          if (used + place.running.size < rate.count) wakeNext(place);
          return place;
        }
        if (place.waiting.length >= mostWaiting) throw crowded();
        await new Promise<void>((wake) => place.waiting.push({ guess, wake }));
      }
    } catch (error) {
      leave(caller, place);
      throw error;
    }
  }

  function leave(caller: string, place: Place): void {
    place.users -= 1;
    if (place.users === 0) places.delete(caller);
    wakeNext(place);
  }

  async function settle(
    caller: string,
    guess: string,
    authentication: Authentication,
  ): Promise<BrakedAuthentication> {
    const { kind } = authentication.outcome;
    if (kind === 'authenticated') known.add(guess);
    if (kind !== 'wrong' && kind !== 'locked') return authentication;
    known.delete(guess);
    const { used, secondsLeft } = await failures.add(caller);
    await pause(Math.min(longestPauseMillis, firstPauseMillis * 2 ** (used - 1)));
    return used === rate.count
      ? { ...authentication, stoppedSeconds: secondsLeft }
      : authentication;
  }

  return {
    async attempt(address, credentials, check) {
      if (credentials === undefined) return check();
      const caller = callerKey(address);
      const guess = keyOf(caller, credentials);
      if (known.has(guess)) return settle(caller, guess, await check());
      const place = await enter(caller, guess);
      try {
        return await settle(caller, guess, await check());
      } finally {
        const left = (place.running.get(guess) ?? 1) - 1;
        if (left === 0) place.running.delete(guess);
        else place.running.set(guess, left);
        leave(caller, place);
      }
    },
  };
}

/** What one caller has in work. */
interface Place {
  /** Distinct guesses, each with the requests that carry it. */
  readonly running: Map<string, number>;
  waiting: Waiting[];
  users: number;
}

interface Waiting {
  readonly guess: string;
  readonly wake: () => void;
}

/** Who is woken looks for room: it enters, is refused, or waits again for the next that leaves. */
function wakeNext(place: Place): void {
  place.waiting.shift()?.wake();
}

/** The same credentials are one guess: with one of them the others are in. */
function wakeTwins(place: Place, guess: string): void {
  const twins = place.waiting.filter((each) => each.guess === guess);
  if (twins.length === 0) return;
  place.waiting = place.waiting.filter((each) => each.guess !== guess);
  for (const { wake } of twins) wake();
}

function createKnownCredentials(clock: () => Date) {
  const until = new Map<string, number>();
  return {
    has: (guess: string) => (until.get(guess) ?? 0) > clock().getTime(),
    delete: (guess: string) => void until.delete(guess),
    add(guess: string) {
      until.delete(guess);
      until.set(guess, clock().getTime() + knownMillis);
      const [oldest] = until.keys();
      if (until.size > mostKnown && oldest !== undefined) until.delete(oldest);
    },
  };
}

function stopped(seconds: number): GatewayError {
  return new GatewayError('http.rate', 'Too many failed sign-ins from this address.', {
    mend: `Try again in ${seconds} s.`,
    retryAfterSeconds: seconds,
  });
}

function crowded(): GatewayError {
  return new GatewayError('http.rate', 'Too many sign-ins at once from this address.', {
    mend: 'Try again in a few seconds.',
    retryAfterSeconds: 5,
  });
}
