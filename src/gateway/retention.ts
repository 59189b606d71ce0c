/** Drops what is older than the policy says, while the gateway works. */
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../errors/index.js';
import type { ResolvedConfig } from '../config/index.js';
import type { KeptKind, RetentionStore, SettingsStore } from '../store/index.js';
import type { Log } from '../telemetry/index.js';
import { createArchive, type Archive } from './archive.js';
import type { Leadership } from './leadership.js';
import { ownAudit } from './own-audit.js';
import { retentionHold } from './retention-hold.js';
import type { Upkeep } from './upkeep.js';

type Config = Pick<ResolvedConfig['config'], 'data' | 'profiles' | 'issuers'>;

export interface RetentionDependencies {
  readonly config: Config;
  readonly data: {
    readonly retention: RetentionStore;
    readonly settings: Pick<SettingsStore, 'get' | 'set' | 'swap'>;
  };
  readonly clock: () => Date;
  readonly log: Log;
  /** Between two batches; default 20 ms, so that enrollments have the database most of the time. */
  readonly pauseMillis?: number;
}

/** Records of one write: it holds the lock for some milliseconds. */
const batch = 200;
const hour = 3_600_000;
const day = 24 * hour;
const lookMillis = 60_000;
/** In this order: a certificate stays as long as a finished request refers to it. */
const kinds: readonly KeptKind[] = ['transactions', 'certificates', 'audit'];

/** The leader looks every minute whether it is time; `stop` ends it after the batch that is under way. */
export function startRetention(
  dependencies: RetentionDependencies & { readonly leadership: Pick<Leadership, 'leads'> },
): Upkeep {
  const stopping = new AbortController();
  let running = Promise.resolve();
  const timer = setInterval(() => {
    running = running
      .then(async () => {
        if (dependencies.leadership.leads()) await retentionRound(dependencies, stopping.signal);
      })
      .catch((error: unknown) => {
        const fault = messageOf(error);
        dependencies.log.error('old records could not be dropped', { error: fault });
      });
  }, lookMillis);
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
 * Once an hour, by one of the processes that share the database (of a file, each leads): whoever writes the
 * time of the next round down has this one. Dies it, the next is an hour later.
 */
export async function retentionRound(
  dependencies: RetentionDependencies,
  signal: AbortSignal,
): Promise<void> {
  const { config, data, clock, log } = dependencies;
  const now = clock();
  const planned = await data.settings.get(nextRoundKey);
  const left = planned === undefined ? 0 : new Date(planned).getTime() - now.getTime();
  // More than an hour was written by a clock that was ahead.
  if (left > 0 && left <= hour) return;
  const lastRound = planned === undefined ? undefined : new Date(Date.parse(planned) - hour);
  // Before the round is taken: whoever has the next one, should this process die, must find it.
  const heldUntil = await retentionHold(data.settings, { lastRound, now });
  const next = new Date(now.getTime() + hour).toISOString();
  if (!(await data.settings.swap(nextRoundKey, planned, next))) return;
  if (heldUntil) {
    log.error(
      'old records are kept for now: by the clock of this machine much time went by since they were looked at last. If the clock is ahead, set it; if the gateway was off for so long, do nothing',
      { now, lastRound, heldUntil },
    );
    return;
  }
  const { archive: folder } = config.data.retention;
  const archive = folder === undefined ? undefined : createArchive(folder, now);
  const daysKept = retentionDays(config);
  for (const kind of kinds) {
    const before = new Date(now.getTime() - daysKept[kind] * day);
    const dropped = await dropOld(dependencies, { kind, before, archive, signal });
    if (dropped === 0) continue;
    log.info('old records dropped', { kind, count: dropped, before: before.toISOString() });
  }
}

const nextRoundKey = 'retention.nextRound';

/** What was promised elsewhere is kept, whatever the policy says. */
export function retentionDays({ data, profiles, issuers }: Config): Record<KeptKind, number> {
  const { certificateDays, transactionDays, auditDays } = data.retention;
  const ofProfiles = Object.values(profiles);
  const transactions = Math.max(
    transactionDays,
    ...ofProfiles.map(({ replayHours }) => replayHours / 24),
  );
  const certificates = Math.max(
    certificateDays,
    transactions + 1,
    ...ofProfiles.map(({ renewal }) => renewal.graceDays),
    // An expired certificate stays on the CRL for twice its life (src/issuer/local/crl-publisher.ts).
    ...Object.values(issuers).map((issuer) =>
      'crlHours' in issuer ? (2 * issuer.crlHours) / 24 : 0,
    ),
  );
  return { transactions, certificates, audit: auditDays };
}

/**
 * Archived before it is dropped, and dropped only once that is on the disk: what a crash in between leaves
 * is archived twice.
 */
async function dropOld(
  { data: { retention }, clock, pauseMillis = 20 }: RetentionDependencies,
  {
    kind,
    before,
    archive,
    signal,
  }: {
    readonly kind: KeptKind;
    readonly before: Date;
    readonly archive: Archive | undefined;
    readonly signal: AbortSignal;
  },
): Promise<number> {
  let dropped = 0;
  while (!signal.aborted) {
    const old = await retention.old(kind, before, batch);
    if (old.length === 0) break;
    await archive?.append(
      kind,
      old.map(({ record }) => archived(record)),
    );
    const rows = old.map(({ row }) => row);
    const gone = await retention.remove(kind, rows, before, (count) =>
      auditOf(clock(), kind, count, before),
    );
    // Another process dropped them first.
    if (gone === 0) break;
    dropped += gone;
    await pause(pauseMillis);
  }
  return dropped;
}

/** Without the CSR, which is sealed and carries a challenge; octets as base64. */
function archived(record: object): unknown {
  return Object.fromEntries(
    Object.entries(record)
      .filter(([name]) => name !== 'csr')
      .map(([name, value]) => [name, value instanceof Buffer ? value.toString('base64') : value]),
  );
}

/** So that the trail itself says what is missing from it, and why. */
function auditOf(at: Date, kind: KeptKind, count: number, before: Date) {
  const reason = `${count} of ${kind}, older than ${before.toISOString()}.`;
  return ownAudit({ at, event: 'retention.dropped', reason });
}
