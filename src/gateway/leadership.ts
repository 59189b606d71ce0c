import type { Log } from '../telemetry/index.js';
import type { SharedDatabase } from './shared-database.js';
import { toldOnce } from './told-once.js';

/** Which gateway does what one of them has to do for all. */
export interface Leadership {
  /** Whether this one may begin such work now. */
  leads(): boolean;
  /** For people; undefined where this gateway is alone with its records. */
  status(): LeadershipStatus | undefined;
  /** Gives it up, so that another need not wait. */
  stop(): Promise<void>;
}

interface LeadershipStatus {
  readonly leads: boolean;
  /** Undefined while none is known. */
  readonly leader: string | undefined;
  /** What the clock of the database is ahead of ours for certain, milliseconds. */
  readonly clockAheadMillis: number;
}

/** Holds and ends are judged by the clocks of the gateways, with half a minute to spare; one farther from the database does no work for all. */
export const mostApartMillis = 15_000;
/** Lease and rounds together stay below the 15 seconds after which work has to go on. */
const leaseMillis = 8000;
const roundMillis = 1500;
/** A leader stops to be one before another can begin. */
const marginMillis = 2000;
const leaseName = 'background';

/** A gateway whose records nobody shares. */
const alone: Leadership = {
  leads: () => true,
  status: () => undefined,
  stop: () => Promise.resolve(),
};

/** Resolves when it is known who leads, or that the database does not say. */
export async function openLeadership(
  shared: Pick<SharedDatabase, 'leases' | 'node'> | undefined,
  log: Log,
): Promise<Leadership> {
  if (shared === undefined) return alone;
  const leadership = new LeasedLeadership(shared, log);
  await leadership.start();
  return leadership;
}

class LeasedLeadership implements Leadership {
  readonly #shared: Pick<SharedDatabase, 'leases' | 'node'>;
  readonly #log: Log;
  readonly #faults;
  #timer: NodeJS.Timeout | undefined;
  #asking: Promise<void> | undefined;
  #until = { monotonic: 0, wall: 0 };
  #leader: string | undefined;
  #led = false;
  #clockAheadMillis = 0;

  constructor(shared: Pick<SharedDatabase, 'leases' | 'node'>, log: Log) {
    this.#shared = shared;
    this.#log = log;
    this.#faults = toldOnce(log, 'the lease of the background work');
  }

  async start(): Promise<void> {
    await this.#ask();
    this.#timer = setInterval(() => {
      this.#tell();
      // One that hangs is given up by its own time limit.
      this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
    }, roundMillis);
    this.#timer.unref();
  }

  /** By both clocks: one stands still while a machine sleeps, the other may be set. */
  leads(): boolean {
    return performance.now() < this.#until.monotonic && Date.now() < this.#until.wall;
  }

  status(): LeadershipStatus {
    return {
      leads: this.leads(),
      leader: this.#leader,
      clockAheadMillis: this.#clockAheadMillis,
    };
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#asking;
    this.#until = { monotonic: 0, wall: 0 };
    // Else it ends by itself.
    await this.#shared.leases.release(leaseName, this.#shared.node).catch(() => undefined);
  }

  async #ask(): Promise<void> {
    const { leases, node } = this.#shared;
    const left = leaseMillis - marginMillis;
    const until = { monotonic: performance.now() + left, wall: Date.now() + left };
    try {
      const { isHeld, holder, clockAheadMillis } = await leases.take(leaseName, node, leaseMillis);
      const isFit = Math.abs(clockAheadMillis) <= mostApartMillis;
      this.#until = isHeld && isFit ? until : { monotonic: 0, wall: 0 };
      this.#leader = isHeld && !isFit ? undefined : holder;
      this.#clockAheadMillis = clockAheadMillis;
      // It would drop by its own clock what is old for nobody else.
      if (isHeld && !isFit) await leases.release(leaseName, node);
      this.#faults.worked();
    } catch (error) {
      this.#faults.failed(error);
    }
    this.#tell();
  }

  #tell(): void {
    const leads = this.leads();
    if (leads === this.#led) return;
    this.#led = leads;
    this.#log.info(
      leads
        ? 'this gateway does the background work from now on'
        : 'this gateway no longer does the background work',
      { node: this.#shared.node, leader: this.#leader },
    );
  }
}
