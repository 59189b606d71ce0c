/**
 * Keeps callers from a server that does not answer: after some failures in a row it is asked only now
 * and then, by one request at a time, and everybody else is told at once when to come again.
 */
export interface CircuitBreaker {
  /** Undefined: go ahead and report with `answered` or `silent`. Else seconds to come again after. */
  refusal(): number | undefined;
  answered(): void;
  silent(): void;
}

export interface CircuitBreakerOptions {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** First pause; it doubles up to `mostMillis` while trials fail. */
  readonly pauseMillis: number;
  readonly mostMillis: number;
  /** How long a trial may take: another one begins after that, whatever became of it. */
  readonly trialMillis: number;
  /** Milliseconds that only grow. */
  readonly stopwatch: () => number;
}

export function createCircuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  const { failures, pauseMillis, mostMillis, trialMillis, stopwatch } = options;
  let silentInARow = 0;
  let pause = pauseMillis;
  let closedUntil = 0;
  let isTrial = false;
  return {
    refusal() {
      if (silentInARow < failures) return undefined;
      const left = closedUntil - stopwatch();
      // While a trial is under way nobody knows how long: those beside it come again after the pause.
      if (left > 0) return Math.ceil(Math.min(left, isTrial ? pause : left) / 1000);
      isTrial = true;
      closedUntil = stopwatch() + trialMillis;
      return undefined;
    },
    answered() {
      silentInARow = 0;
      pause = pauseMillis;
      isTrial = false;
    },
    silent() {
      silentInARow += 1;
      // Requests that were under way when it opened say nothing new.
      if (silentInARow < failures || (silentInARow > failures && !isTrial)) return;
      if (isTrial) pause = Math.min(pause * 2, mostMillis);
      isTrial = false;
      closedUntil = stopwatch() + pause;
    },
  };
}
