import { backoffMillis, type Pace } from './backoff.js';

export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failures: number;
  readonly pace: Pace;
  readonly clock: () => Date;
  readonly random: () => number;
}

/**
 * Keeps calls away from a CA that does not answer. Closed: calls pass. Open: none pass until a time that
 * doubles with every failure. Then one call is let through; it closes the breaker or opens it for longer.
 */
export class CircuitBreaker {
  readonly #options: BreakerOptions;
  #failures = 0;
  #openings = 0;
  #retryAt: Date | undefined;
  #openedAt: Date | undefined;
  #probing = false;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  isClosed(): boolean {
    return this.#retryAt === undefined;
  }

  /** When the next call may pass; undefined while it is closed. */
  get retryAt(): Date | undefined {
    return this.#retryAt;
  }

  /** How many of `most` calls may start now. */
  capacity(most: number): number {
    if (this.#retryAt === undefined) return most;
    const now = this.#options.clock();
    // A clock that was set back would leave the CA alone for as long as that.
    const wasSetBack = this.#openedAt !== undefined && now < this.#openedAt;
    return !this.#probing && (now >= this.#retryAt || wasSetBack) ? 1 : 0;
  }

  /** Whether this call may pass; one that may has to end in `succeeded` or `failed`. */
  enter(): boolean {
    if (this.capacity(1) === 0) return false;
    this.#probing = this.#retryAt !== undefined;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#openings = 0;
    this.#retryAt = undefined;
    this.#probing = false;
  }

  /**
   * @param atOnce do not wait for more failures: the CA said when to come again, or refused the login,
   *   and repeated logins lock the account
   * @param atLeastMillis the CA's own word on when to come again
   */
  failed({ atOnce = false, atLeastMillis = 0 } = {}): void {
    const { failures, pace, clock, random } = this.#options;
    this.#failures += 1;
    const wasProbe = this.#probing;
    this.#probing = false;
    // Calls that were under way when it opened say nothing new.
    if (this.#retryAt !== undefined && !wasProbe) return;
    if (!wasProbe && !atOnce && this.#failures < failures) return;
    this.#openings += 1;
    const wait = Math.max(backoffMillis(this.#openings, pace, random), atLeastMillis);
    this.#openedAt = clock();
    this.#retryAt = new Date(this.#openedAt.getTime() + wait);
  }
}
