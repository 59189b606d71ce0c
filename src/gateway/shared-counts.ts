import { TallyExchange, type OpenTallyBook } from '../access/index.js';
import type { TallyStore } from '../store/index.js';
import type { Log } from '../telemetry/index.js';
import { toldOnce } from './told-once.js';

/** Limits and locks that hold for all gateways of a database together. */
export interface SharedCounts {
  /** The book of a counter; undefined where this gateway is alone. */
  readonly book: ((counter: string) => OpenTallyBook) | undefined;
  /** From now on; before, counters are opened. */
  start(): void;
  stop(): Promise<void>;
}

const roundMillis = 1000;

export function createSharedCounts(tallies: TallyStore | undefined, log: Log): SharedCounts {
  if (tallies === undefined)
    return { book: undefined, start: () => undefined, stop: () => Promise.resolve() };
  const exchange = new TallyExchange(tallies);
  const faults = toldOnce(log, 'the exchange of counts with other gateways');
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  return {
    book: (counter) => exchange.book(counter),
    start() {
      timer = setInterval(() => {
        running ??= exchange
          .exchange()
          .then(faults.worked, faults.failed)
          .finally(() => (running = undefined));
      }, roundMillis);
      timer.unref();
    },
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
