import { GatewayError } from '../../errors/index.js';
import { DEFAULT_LIST_LIMIT } from '../challenge-state.js';
import type {
  ChallengeDigest,
  ChallengeFilter,
  ChallengeId,
  ChallengeRecord,
  ChallengeStore,
  Reservation,
  ReserveOutcome,
} from '../challenge-store.js';
import {
  listOf,
  numberOf,
  recordFromReply,
  recordToTexts,
  reservationFromReply,
  timeToText,
} from './challenge-reply.js';
import type { RedisSession } from './link.js';
import * as scripts from './scripts.js';

/** Challenges one script looks at: while it runs, the server does nothing else. */
const PAGE = '250';

/** Uses whose spending could not be told: beyond these they stay reserved, which opens nothing to others. */
const UNTOLD_LIMIT = 10_000;
const UNTOLD_AT_ONCE = 64;

/**
 * Challenges on a Redis-compatible server. Each call is one script there, and so happens at once; only `list`,
 * `count` and `prune` go through many challenges a part at a time, each as it stands when it is looked at.
 */
export class RedisChallengeStore implements ChallengeStore {
  /** As durable as its server is set up to be; what may be lost is told at the start. */
  readonly durable = true;
  readonly #server: RedisSession;
  #untold: (readonly [id: ChallengeId, transaction: string])[] = [];

  constructor(server: RedisSession) {
    this.#server = server;
  }

  async add(record: ChallengeRecord, quota: number): Promise<boolean> {
    const created = timeToText(record.createdAt);
    const added = await this.#run(scripts.add, String(quota), created, ...recordToTexts(record));
    if (added === 'exists')
      throw new GatewayError('internal', 'The record contradicts what is stored.', {
        detail: 'a challenge of this id exists',
      });
    return added === 'added';
  }

  async put(record: ChallengeRecord): Promise<void> {
    await this.#run(scripts.put, ...recordToTexts(record));
  }

  async findByDigest(digest: ChallengeDigest): Promise<ChallengeRecord | undefined> {
    return recordOrNone(await this.#run(scripts.findByDigest, digest));
  }

  async find(id: ChallengeId): Promise<ChallengeRecord | undefined> {
    return recordOrNone(await this.#run(scripts.find, id));
  }

  async reserve(id: ChallengeId, transaction: string, now: Date): Promise<ReserveOutcome> {
    const answer = await this.#run(scripts.reserve, id, transaction, timeToText(now));
    switch (answer) {
      case 'reserved':
      case 'held':
        return { kind: answer };
      case 'unknown':
      case 'expired':
      case 'revoked':
      case 'used':
        return { kind: 'refused', reason: answer };
      default:
        throw new GatewayError('internal', 'The challenge server gave an unknown answer.');
    }
  }

  async isHeld(id: ChallengeId, transaction: string): Promise<boolean> {
    return (await this.#run(scripts.isHeld, id, transaction)) === 1;
  }

  /**
   * The answer that spends a use is in another database, and stands whatever happens here: what could not be
   * told then is told after the next ones that can, by the process that knows of it.
   */
  async confirm(id: ChallengeId, transaction: string): Promise<void> {
    await this.#spend(id, transaction);
    const untold = this.#untold.splice(0, UNTOLD_AT_ONCE);
    await Promise.allSettled(untold.map((use) => this.#spend(...use)));
  }

  async release(id: ChallengeId, transaction: string): Promise<void> {
    await this.#run(scripts.release, id, transaction);
  }

  async *idleReservations(before: Date): AsyncGenerator<readonly Reservation[]> {
    for (let following = '-inf'; following !== '';) {
      const [next, ...found] = listOf(
        await this.#run(scripts.idleReservations, timeToText(before), following, PAGE),
      );
      yield found.map(reservationFromReply);
      following = cursorOf(next);
    }
  }

  async reclaim(id: ChallengeId, transaction: string, before: Date): Promise<boolean> {
    return (await this.#run(scripts.reclaim, id, transaction, timeToText(before))) === 1;
  }

  async list(filter: ChallengeFilter, now: Date): Promise<readonly ChallengeRecord[]> {
    const { account = '', state = '', limit = DEFAULT_LIST_LIMIT } = filter;
    const records: ChallengeRecord[] = [];
    let following = '+inf';
    while (following !== '' && records.length < limit) {
      const [next, ...found] = listOf(
        await this.#run(
          scripts.page,
          ...[account, state, timeToText(now), following, PAGE, String(limit - records.length)],
        ),
      );
      records.push(...found.map(recordFromReply));
      following = cursorOf(next);
    }
    return records;
  }

  async count(now: Date): ReturnType<ChallengeStore['count']> {
    const counts = { open: 0, used: 0, expired: 0, revoked: 0 };
    for (let following = '+inf'; following !== '';) {
      const [next, open, used, expired, revoked] = listOf(
        await this.#run(scripts.count, timeToText(now), following, PAGE),
      );
      counts.open += numberOf(open);
      counts.used += numberOf(used);
      counts.expired += numberOf(expired);
      counts.revoked += numberOf(revoked);
      following = cursorOf(next);
    }
    return counts;
  }

  async revoke(id: ChallengeId, now: Date): Promise<boolean> {
    return (await this.#run(scripts.revoke, id, timeToText(now))) === 1;
  }

  async prune(before: Date): Promise<number> {
    let gone = 0;
    for (let following = '-inf'; following !== '';) {
      const [next, removed] = listOf(
        await this.#run(scripts.prune, timeToText(before), following, PAGE),
      );
      gone += numberOf(removed);
      following = cursorOf(next);
    }
    return gone;
  }

  async #spend(id: ChallengeId, transaction: string): Promise<void> {
    try {
      await this.#run(scripts.confirm, id, transaction);
    } catch (error) {
      if (this.#untold.length < UNTOLD_LIMIT) this.#untold.push([id, transaction]);
      throw error;
    }
  }

  #run(script: scripts.RedisScript, ...parameters: readonly string[]): Promise<unknown> {
    return this.#server.run(script, ...parameters);
  }
}

function recordOrNone(reply: unknown): ChallengeRecord | undefined {
  return reply === null ? undefined : recordFromReply(reply);
}

/** Where the next part begins; `''` after the last. */
function cursorOf(reply: unknown): string {
  return typeof reply === 'string' ? reply : '';
}
