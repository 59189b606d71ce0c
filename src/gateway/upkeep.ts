import type { Challenges } from '../challenge/index.js';
import type { Notice } from '../issuer/index.js';
import type { Log } from '../telemetry/index.js';
import { watchClock } from './clock-watch.js';
import type { Authorities } from './profiles.js';

export interface Upkeep {
  /** Ends after the round that is running. */
  stop(): Promise<void>;
}

const reloadMillis = 2_000;
const maintainMillis = 3_600_000;

/**
 * What happens while nobody asks: another process' changes to a CA, and those to files, are taken up
 * within seconds; RA certificates are renewed, CRLs made and old challenges dropped once an hour.
 */
export function startUpkeep(dependencies: {
  readonly authorities: Authorities;
  readonly challenges: Challenges;
  /** Address lists, trust lists, certificates of listeners; may grow. */
  readonly files: readonly { refresh(): Promise<void> }[];
  /** Once an hour. */
  readonly relays: () => void;
  readonly log: Log;
}): Upkeep {
  const { authorities, challenges, files, relays, log } = dependencies;
  let running = Promise.resolve();
  // Not by the clock of the machine: set back, it would let a CRL end.
  let nextMaintenance = performance.now() + maintainMillis;
  const tellClockSet = watchClock(log);

  const round = async () => {
    for (const file of files) await file.refresh();
    for (const [name, authority] of authorities) {
      if (await authority.reload())
        log.info('issuer state taken up from another process', { issuer: name });
    }
    tellClockSet();
    if (performance.now() < nextMaintenance) return;
    nextMaintenance = performance.now() + maintainMillis;
    await maintainAuthorities(authorities, log);
    relays();
    const dropped = await challenges.prune();
    if (dropped > 0) log.info('old challenges dropped', { count: dropped });
  };

  const timer = setInterval(() => {
    running = running.then(round).catch((error: unknown) => {
      log.error('upkeep failed', { error: error instanceof Error ? error.message : String(error) });
    });
  }, reloadMillis);
  timer.unref();

  return {
    stop() {
      clearInterval(timer);
      return running;
    },
  };
}

/**
 * Says loudly, long before, what will expire. All at once: the start waits for it, and as often as there are
 * CAs that say nothing would be too long.
 */
export async function maintainAuthorities(authorities: Authorities, log: Log): Promise<void> {
  await Promise.all(
    [...authorities].map(async ([name, authority]) => {
      for (const notice of await authority.maintain()) logNotice(log, name, notice);
    }),
  );
}

export function logNotice(log: Log, issuer: string, { severity, code, text }: Notice): void {
  log[logLevels[severity]](text, { issuer, code });
}

const logLevels = { info: 'info', warning: 'warn', error: 'error' } as const;
