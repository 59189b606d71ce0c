import type { Challenges } from '../challenge/index.js';
import type { MaintenanceShare, Notice } from '../issuer/index.js';
import type { TallyStore } from '../store/index.js';
import type { Log } from '../telemetry/index.js';
import { watchClock } from './clock-watch.js';
import type { Leadership } from './leadership.js';
import type { Authorities } from './profiles.js';
import type { ReservationSweep } from './reservations.js';
import { toldOnce } from './told-once.js';

export interface Upkeep {
  /** Ends after the round that is running. */
  stop(): Promise<void>;
}

const reloadMillis = 2_000;
const maintainMillis = 3_600_000;

/**
 * What happens while nobody asks: another process' changes to a CA, and those to files, are taken up
 * within seconds; once an hour one gateway renews RA certificates, makes CRLs, drops old challenges and
 * settles what is left of reservations.
 */
export function startUpkeep(dependencies: {
  readonly authorities: Authorities;
  readonly challenges: Challenges;
  readonly leadership: Pick<Leadership, 'leads'>;
  /** Counts that gateways share. */
  readonly tallies: Pick<TallyStore, 'prune'> | undefined;
  /** Address lists, trust lists, certificates of listeners; may grow. */
  readonly files: readonly { refresh(): Promise<void> }[];
  /** Once an hour. */
  readonly relays: () => void;
  /** Once an hour, by one gateway. */
  readonly reservations: ReservationSweep;
  readonly log: Log;
}): Upkeep {
  const { authorities, challenges, leadership, tallies, files, log } = dependencies;
  const faults = toldOnce(log, 'upkeep');
  const stopping = new AbortController();
  // Told apart: what fails once an hour does not work again two seconds later.
  const hourlyFaults = toldOnce(log, 'hourly upkeep');
  let running = Promise.resolve();
  // Not by the clock of the machine: set back, it would let a CRL end.
  let nextMaintenance = performance.now() + maintainMillis;
  const tellClockSet = watchClock(log);

  const round = async () => {
    tellClockSet();
    for (const file of files) await file.refresh();
    for (const [name, authority] of authorities) {
      if (await authority.reload())
        log.info('issuer state taken up from another process', { issuer: name });
    }
    if (performance.now() < nextMaintenance) return;
    nextMaintenance = performance.now() + maintainMillis;
    await maintain().then(hourlyFaults.worked, hourlyFaults.failed);
  };

  const maintain = async () => {
    await maintainAuthorities(authorities, log, shareOf(leadership));
    dependencies.relays();
    if (!leadership.leads()) return;
    await tallies?.prune();
    const dropped = await challenges.prune();
    if (dropped > 0) log.info('old challenges dropped', { count: dropped });
    await dependencies.reservations(stopping.signal);
  };

  const timer = setInterval(() => {
    running = running.then(round).then(faults.worked, faults.failed);
  }, reloadMillis);
  timer.unref();

  return {
    stop() {
      clearInterval(timer);
      stopping.abort();
      return running;
    },
  };
}

/**
 * Says loudly, long before, what will expire. All at once: the start waits for it, and as often as there are
 * CAs that say nothing would be too long.
 */
export async function maintainAuthorities(
  authorities: Authorities,
  log: Log,
  share: MaintenanceShare = 'everything',
): Promise<void> {
  await Promise.all(
    [...authorities].map(async ([name, authority]) => {
      for (const notice of await authority.maintain(share)) logNotice(log, name, notice);
    }),
  );
}

/** How much of it falls to this gateway. */
export function shareOf(leadership: Pick<Leadership, 'leads'>): MaintenanceShare {
  return leadership.leads() ? 'everything' : 'own';
}

export function logNotice(
  log: Log,
  issuer: string,
  { severity, code, text, correlationId }: Notice,
): void {
  log[logLevels[severity]](text, { correlationId, issuer, code });
}

const logLevels = { info: 'info', warning: 'warn', error: 'error' } as const;
