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
  /** Milliseconds that only grow. */
  readonly stopwatch: () => number;
}

export function createCircuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  const { failures, pauseMillis, mostMillis, stopwatch } = options;
  let silentInARow = 0;
  let pause = pauseMillis;
  let closedUntil = 0;
  return {
    refusal() {
      if (silentInARow < failures) return undefined;
      const left = closedUntil - stopwatch();
      if (left > 0) return Math.ceil(left / 1000);
      // This one is the trial: those beside it wait for what it brings.
      closedUntil = stopwatch() + pause;
      return undefined;
    },
    answered() {
      silentInARow = 0;
      pause = pauseMillis;
    },
    silent() {
      silentInARow += 1;
      if (silentInARow < failures) return;
      if (silentInARow > failures) pause = Math.min(pause * 2, mostMillis);
      closedUntil = stopwatch() + pause;
    },
  };
}
