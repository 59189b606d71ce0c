export interface ConnectionPauseOptions {
  /** Milliseconds that never go back. */
  readonly stopwatch: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
}

/** After the first failure, and at most; a server that is back is found within the latter. */
const firstMillis = 50;
const longestMillis = 2000;

/**
 * Between two attempts at a connection: it doubles with each that fails, and half of it is chance, so that
 * gateways that lost the server together do not come back together. Meanwhile the fault of the last one stands.
 */
export class ConnectionPause {
  readonly #options: ConnectionPauseOptions;
  #failures = 0;
  #last: { readonly fault: unknown; readonly until: number } | undefined;

  constructor(options: ConnectionPauseOptions) {
    this.#options = options;
  }

  /** @throws the fault of the last attempt, while the next one may not begin */
  requireOver(): void {
    if (this.#last && this.#options.stopwatch() < this.#last.until) throw this.#last.fault;
  }

  failed(fault: unknown): void {
    const { stopwatch, random } = this.#options;
    const longest = Math.min(longestMillis, firstMillis * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 30);
    this.#last = { fault, until: stopwatch() + (longest / 2) * (1 + random()) };
  }

  worked(): void {
    this.#failures = 0;
    this.#last = undefined;
  }
}
