/** The work on what waits for a CA, as a running gateway does it: settings, rounds, log lines. */
import { messageOf } from '../errors/index.js';
import type { GatewayConfig } from '../config/index.js';
import type { BacklogEvent, BacklogSettings, EnrollmentService } from '../enrollment/index.js';
import type { SettingsStore } from '../store/index.js';
import type { Log } from '../telemetry/index.js';
import { forgetIssuerHealth, noteIssuerHealth } from './issuer-health.js';
import type { Leadership } from './leadership.js';
import { toldOnce } from './told-once.js';

export function backlogSettings({ backlog }: GatewayConfig): BacklogSettings {
  const { retry, poll, breakerFailures, parallel, overdueHours, dropHours } = backlog;
  const paceOf = ({ firstSeconds, longestSeconds }: typeof retry) => ({
    firstMillis: firstSeconds * 1000,
    longestMillis: longestSeconds * 1000,
  });
  return {
    retry: paceOf(retry),
    poll: paceOf(poll),
    breakerFailures,
    parallel,
    overdueMillis: overdueHours * 3_600_000,
    dropMillis: dropHours * 3_600_000,
  };
}

/** Says what an operator should know, and leaves the health of issuers where the command line finds it. */
export function backlogReporter(log: Log, settings: SettingsStore): (event: BacklogEvent) => void {
  return (event) => {
    switch (event.kind) {
      case 'issuer-down': {
        const { issuer, problem, mend, retryAt } = event.health;
        log.error(
          `The CA behind issuer ${issuer} does not answer: ${problem ?? 'no reason known'}`,
          {
            issuer,
            code: 'issuer.unavailable',
            nextAttempt: retryAt?.toISOString(),
            ...(mend !== undefined && { mend }),
          },
        );
        break;
      }
      case 'issuer-up':
        log.info(`The CA behind issuer ${event.health.issuer} answers again`, {
          issuer: event.health.issuer,
        });
        break;
      case 'failed':
        log.error('work on a waiting request failed', {
          correlationId: event.correlationId,
          transaction: event.transaction,
          error: messageOf(event.error),
        });
        return;
      default: {
        const { kind, text, ...about } = event;
        log[kind === 'stranded' ? 'warn' : 'error'](text, { event: kind, ...about });
        return;
      }
    }
    noteIssuerHealth(settings, event.health).catch((error: unknown) => {
      log.warn('the state of an issuer could not be noted', {
        issuer: event.health.issuer,
        error: messageOf(error),
      });
    });
  };
}

export interface BacklogWork {
  /** Begins nothing new; waits for calls under way, at most this long. What is cut off is found again. */
  stop(graceMillis: number): Promise<void>;
}

const roundMillis = 2_000;

export async function startBacklogWork(
  { backlog }: EnrollmentService,
  issuers: readonly string[],
  {
    settings,
    leadership,
    log,
  }: {
    readonly settings: SettingsStore;
    readonly leadership: Pick<Leadership, 'leads'>;
    readonly log: Log;
  },
): Promise<BacklogWork> {
  if (leadership.leads()) await forgetIssuerHealth(settings, issuers);
  const faults = toldOnce(log, 'work on waiting requests');
  let round: AbortController | undefined;
  let running = Promise.resolve();
  const timer = setInterval(() => {
    // Whose time is over begins nothing more; what is under way is held in the store.
    if (!leadership.leads()) return round?.abort();
    // A call to a slow CA takes longer than the time between rounds: they do not queue up.
    if (round) return;
    round = new AbortController();
    running = backlog
      .round(round.signal)
      .then(faults.worked, faults.failed)
      .finally(() => (round = undefined));
  }, roundMillis);
  timer.unref();

  return {
    async stop(graceMillis) {
      clearInterval(timer);
      round?.abort();
      let grace: NodeJS.Timeout | undefined;
      const over = new Promise<void>((resolve) => {
        grace = setTimeout(resolve, graceMillis);
      });
      await Promise.race([running, over]).finally(() => clearTimeout(grace));
    },
  };
}
