import NodeCache from 'node-cache';
import { GatewayError } from '../../errors/index.js';
import { challengeState, DEFAULT_LIST_LIMIT, isUsedUp } from '../challenge-state.js';
import type {
  ChallengeDigest,
  ChallengeFilter,
  ChallengeId,
  ChallengeRecord,
  ChallengeStore,
  Reservation,
  ReserveOutcome,
} from '../challenge-store.js';

/** Expired challenges stay this long, so that a late device hears "expired" and not "unknown". */
const KEPT_AFTER_EXPIRY_SECONDS = 24 * 3600;
const SWEEP_EVERY_SECONDS = 600;
/** How node-cache writes a life without end. */
const FOR_EVER = 0;

interface Hold {
  readonly state: 'reserved' | 'spent';
  readonly touchedAt: Date;
}

interface Entry {
  /** Frozen; replaced as a whole. */
  record: ChallengeRecord;
  usedAt: Date | undefined;
  lasting: boolean;
  readonly holds: Map<string, Hold>;
}

/**
 * Challenges in the memory of one process: gone at its end, unknown to any other. Every method runs
 * synchronously within one turn of the event loop, which makes it atomic.
 *
 * @param options.maxKeys challenges at most; `add` answers false when that many are still worth keeping
 */
export function createMemoryChallengeStore(options: { readonly maxKeys: number }): ChallengeStore {
  return new MemoryChallengeStore(options.maxKeys);
}

class MemoryChallengeStore implements ChallengeStore {
  readonly durable = false;
  readonly #cache: NodeCache;
  readonly #maxKeys: number;
  readonly #idsByDigest = new Map<ChallengeDigest, Set<ChallengeId>>();
  /** Ids that count against a quota, as far as known: closed ones leave when the quota looks. */
  readonly #openByAccount = new Map<string, Set<ChallengeId>>();

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
    this.#cache = new NodeCache({ useClones: false, checkperiod: SWEEP_EVERY_SECONDS, maxKeys });
    this.#cache.on('del', (_id: string, entry: Entry) => this.#forget(entry.record));
  }

  add(record: ChallengeRecord, quota: number): Promise<boolean> {
    const fits =
      this.#hasQuota(record.account, record.createdAt, quota) && this.#makeRoom(record.createdAt);
    if (fits) this.#keep({ record, usedAt: undefined, lasting: false, holds: new Map() });
    return Promise.resolve(fits);
  }

  put(record: ChallengeRecord): Promise<void> {
    const entry = this.#entry(record.id);
    if (entry) {
      this.#forget(entry.record);
      entry.record = { ...record, uses: entry.record.uses };
      entry.lasting = true;
      this.#cache.ttl(record.id, FOR_EVER);
      this.#index(entry);
    } else if (this.#makeRoom(record.createdAt)) {
      this.#keep({ record, usedAt: undefined, lasting: true, holds: new Map() });
    } else {
      return Promise.reject(
        new GatewayError('store.unavailable', 'No room for another challenge in memory.', {
          mend: 'Raise the size of the memory store, or use the SQLite store.',
        }),
      );
    }
    return Promise.resolve();
  }

  findByDigest(digest: ChallengeDigest): Promise<ChallengeRecord | undefined> {
    const records = [...(this.#idsByDigest.get(digest) ?? [])]
      .flatMap((id) => this.#entry(id)?.record ?? [])
      .reverse();
    return Promise.resolve(records.find((record) => record.revokedAt === undefined) ?? records[0]);
  }

  find(id: ChallengeId): Promise<ChallengeRecord | undefined> {
    return Promise.resolve(this.#entry(id)?.record);
  }

  reserve(id: ChallengeId, transaction: string, now: Date): Promise<ReserveOutcome> {
    return Promise.resolve(this.#reserve(id, transaction, now));
  }

  isHeld(id: ChallengeId, transaction: string): Promise<boolean> {
    return Promise.resolve(this.#entry(id)?.holds.has(transaction) ?? false);
  }

  confirm(id: ChallengeId, transaction: string): Promise<void> {
    const holds = this.#entry(id)?.holds;
    const hold = holds?.get(transaction);
    if (hold) holds?.set(transaction, { ...hold, state: 'spent' });
    return Promise.resolve();
  }

  release(id: ChallengeId, transaction: string): Promise<void> {
    this.#giveBack(this.#entry(id), transaction);
    return Promise.resolve();
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- as of the other stores
  async *idleReservations(before: Date): AsyncGenerator<readonly Reservation[]> {
    for (const entry of this.#entries()) {
      const { id, createdAt } = entry.record;
      const idle = [...entry.holds].filter(([transaction]) => isIdle(entry, transaction, before));
      if (idle.length > 0)
        yield idle.map(([transaction, { touchedAt }]) => ({
          challenge: id,
          createdAt,
          transaction,
          touchedAt,
        }));
    }
  }

  reclaim(id: ChallengeId, transaction: string, before: Date): Promise<boolean> {
    const entry = this.#entry(id);
    const isReclaimed =
      entry && isIdle(entry, transaction, before) && this.#giveBack(entry, transaction);
    return Promise.resolve(isReclaimed ?? false);
  }

  list(filter: ChallengeFilter, now: Date): Promise<readonly ChallengeRecord[]> {
    const records = this.#entries()
      .map((entry) => entry.record)
      .filter((record) => filter.account === undefined || record.account === filter.account)
      .filter(
        (record) => filter.state === undefined || challengeState(record, now) === filter.state,
      )
      .reverse();
    return Promise.resolve(records.slice(0, filter.limit ?? DEFAULT_LIST_LIMIT));
  }

  count(now: Date): ReturnType<ChallengeStore['count']> {
    const counts = { open: 0, used: 0, expired: 0, revoked: 0 };
    for (const { record } of this.#entries()) counts[challengeState(record, now)] += 1;
    return Promise.resolve(counts);
  }

  revoke(id: ChallengeId, now: Date): Promise<boolean> {
    const entry = this.#entry(id);
    if (entry?.record.revokedAt === undefined && entry)
      this.#replace(entry, { ...entry.record, revokedAt: now });
    return Promise.resolve(entry !== undefined);
  }

  prune(before: Date): Promise<number> {
    const prunable = this.#entries().filter((entry) => isPrunable(entry, before));
    return Promise.resolve(this.#cache.del(prunable.map((entry) => entry.record.id)));
  }

  #reserve(id: ChallengeId, transaction: string, now: Date): ReserveOutcome {
    const entry = this.#entry(id);
    if (!entry) return { kind: 'refused', reason: 'unknown' };
    const hold: Hold = { state: 'reserved', touchedAt: now };
    if (entry.holds.get(transaction)?.state === 'reserved') {
      entry.holds.set(transaction, hold);
      entry.usedAt = now;
      return { kind: 'held' };
    }
    const state = challengeState(entry.record, now);
    if (state !== 'open') return { kind: 'refused', reason: state };
    entry.holds.set(transaction, hold);
    entry.usedAt = now;
    this.#replace(entry, { ...entry.record, uses: entry.record.uses + 1 });
    return { kind: 'reserved' };
  }

  #giveBack(entry: Entry | undefined, transaction: string): boolean {
    if (entry?.holds.get(transaction)?.state !== 'reserved') return false;
    entry.holds.delete(transaction);
    this.#replace(entry, { ...entry.record, uses: entry.record.uses - 1 });
    return true;
  }

  #entry(id: ChallengeId): Entry | undefined {
    return this.#cache.get<Entry>(id);
  }

  /** In the order they came. */
  #entries(): Entry[] {
    return this.#cache.keys().flatMap((id) => this.#cache.get<Entry>(id) ?? []);
  }

  #keep(entry: Entry): void {
    this.#cache.set(entry.record.id, entry, entry.lasting ? FOR_EVER : secondsToLive(entry.record));
    this.#index(entry);
  }

  #index(entry: Entry): void {
    const record = Object.freeze({ ...entry.record });
    entry.record = record;
    ids(this.#idsByDigest, record.digest).add(record.id);
    ids(this.#openByAccount, record.account).add(record.id);
  }

  #replace(entry: Entry, record: ChallengeRecord): void {
    entry.record = Object.freeze(record);
    ids(this.#openByAccount, record.account).add(record.id);
  }

  #forget(record: ChallengeRecord): void {
    discard(this.#idsByDigest, record.digest, record.id);
    discard(this.#openByAccount, record.account, record.id);
  }

  /** Counts exactly only when the account may be at its quota. */
  #hasQuota(account: string, now: Date, quota: number): boolean {
    const counted = this.#openByAccount.get(account);
    if (!counted || counted.size < quota) return quota > 0;
    for (const id of [...counted]) {
      const record = this.#entry(id)?.record;
      if (!record || challengeState(record, now) !== 'open')
        discard(this.#openByAccount, account, id);
    }
    return counted.size < quota;
  }

  /** A full cache gives up what no longer opens before it turns a new challenge away. */
  #makeRoom(now: Date): boolean {
    if (this.#cache.getStats().keys < this.#maxKeys) return true;
    const closed = this.#entries().filter(
      (entry) =>
        !entry.lasting && challengeState(entry.record, now) !== 'open' && !isReserved(entry),
    );
    this.#cache.del(closed.map((entry) => entry.record.id));
    return this.#cache.getStats().keys < this.#maxKeys;
  }
}

function isPrunable(entry: Entry, before: Date): boolean {
  const { record, usedAt } = entry;
  const isPast =
    (record.expiresAt !== undefined && record.expiresAt < before) ||
    (isUsedUp(record) && usedAt !== undefined && usedAt < before);
  return isPast && !entry.lasting && !isReserved(entry);
}

function isIdle({ record, holds }: Entry, transaction: string, before: Date): boolean {
  const hold = holds.get(transaction);
  return record.maxUses !== undefined && hold?.state === 'reserved' && hold.touchedAt < before;
}

function isReserved(entry: Entry): boolean {
  return [...entry.holds.values()].some(({ state }) => state === 'reserved');
}

function secondsToLive(record: ChallengeRecord): number {
  if (record.expiresAt === undefined) return FOR_EVER;
  const validity = (record.expiresAt.getTime() - record.createdAt.getTime()) / 1000;
  return Math.max(validity, 0) + KEPT_AFTER_EXPIRY_SECONDS;
}

function ids<K>(map: Map<K, Set<ChallengeId>>, key: K): Set<ChallengeId> {
  const known = map.get(key) ?? new Set();
  map.set(key, known);
  return known;
}

function discard<K>(map: Map<K, Set<ChallengeId>>, key: K, id: ChallengeId): void {
  const known = map.get(key);
  known?.delete(id);
  if (known?.size === 0) map.delete(key);
}
