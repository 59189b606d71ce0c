import { GatewayError } from '../errors/index.js';

export interface WorkSlots {
  /**
   * Runs `work` when one of the slots is free.
   * @throws GatewayError `http.overload` when the queue is full
   */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** At most `slots` at once and `queue` waiting: a password check takes 128 MiB and a third of a second. */
export function createWorkSlots(slots: number, queue: number): WorkSlots {
  const waiting: (() => void)[] = [];
  let free = slots;

  async function take(): Promise<void> {
    if (free > 0) {
      free -= 1;
      return;
    }
    if (waiting.length >= queue) {
      throw new GatewayError('http.overload', 'Too many sign-ins at once.', {
        mend: 'Try again in a few seconds.',
      });
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
  }

  /** A slot that is waited for is handed over, never put back in between. */
  function give(): void {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  }

  return {
    async run(work) {
      await take();
      try {
        return await work();
      } finally {
        give();
      }
    },
  };
}
