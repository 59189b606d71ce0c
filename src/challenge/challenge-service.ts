import { randomBytes as nodeRandomBytes } from 'node:crypto';
import { GatewayError } from '../errors/index.js';
import {
  challengeState,
  type ChallengeFilter,
  type ChallengeId,
  type ChallengeRecord,
  type ChallengeStore,
} from '../store/index.js';
import { bindingMismatch, requireRelayable, requireUsable } from './binding.js';
import type {
  ChallengeOrder,
  Challenges,
  ChallengeUse,
  OwnVerdict,
  IssueOutcome,
  SinglePassword,
  StaticChallenge,
} from './challenge-service.types.js';
import type { ChallengeSource } from './challenge-source.js';
import { ConfiguredChallenges } from './configured.js';
import { ChallengeDigests } from './digest.js';

const ID_OCTETS = 10;

/** Stands for the upstream NDES where other challenges name an account; no login name has parentheses. */
const UPSTREAM_ACCOUNT = '(upstream)';

/** Closed challenges stay this long: a late device hears "expired" or "used", and the list shows them. */
const KEPT_AFTER_CLOSE_MILLIS = 24 * 3600 * 1000;

type Refusal = Extract<OwnVerdict, { readonly kind: 'refused' }>;

export interface ChallengeServiceOptions {
  readonly store: ChallengeStore;
  /** HMAC key of the digests, 32 octets; with another key all challenges are unknown. */
  readonly secret: Buffer;
  /** What single passwords are derived from, 32 octets. */
  readonly singlePasswordSecret: Buffer;
  readonly clock?: () => Date;
  readonly randomBytes?: (size: number) => Buffer;
}

export function createChallenges(options: ChallengeServiceOptions): Challenges {
  return new ChallengeService(options);
}

class ChallengeService implements Challenges {
  readonly #store: ChallengeStore;
  readonly #digests: ChallengeDigests;
  readonly #configured: ConfiguredChallenges;
  readonly #clock: () => Date;
  readonly #randomBytes: (size: number) => Buffer;

  constructor(options: ChallengeServiceOptions) {
    const { store, secret, singlePasswordSecret, clock = () => new Date() } = options;
    if (secret.length < 32 || singlePasswordSecret.length < 32)
      throw new GatewayError('internal', 'A challenge key needs 32 octets.');
    this.#store = store;
    this.#clock = clock;
    this.#randomBytes = options.randomBytes ?? nodeRandomBytes;
    this.#digests = new ChallengeDigests(secret);
    this.#configured = new ConfiguredChallenges(store, this.#digests, clock, singlePasswordSecret);
  }

  async issue(order: ChallengeOrder): Promise<IssueOutcome> {
    requireUsable(order.binding);
    if (order.source !== undefined) return this.#relay(order, order.source);
    const password = this.#randomBytes(order.length).toString('hex').toUpperCase();
    return this.#keep(password, order);
  }

  /** A challenge of upstream, remembered as one of ours is: by keyed hash, for one use, on this quota. */
  async #relay(order: ChallengeOrder, source: ChallengeSource): Promise<IssueOutcome> {
    requireRelayable(order, source);
    // Asked beforehand: a challenge that nobody gets would fill the small cache of upstream for an hour.
    if (await this.#isFull(order)) return { kind: 'full' };
    const fetched = await source.fetch();
    if (fetched.kind === 'lasting') return this.#keepLasting(fetched.password, order);
    const validityMinutes = Math.min(order.validityMinutes, fetched.validityMinutes);
    return this.#keep(fetched.password, { ...order, validityMinutes });
  }

  async #isFull({ account, quota }: ChallengeOrder): Promise<boolean> {
    const open = await this.#store.list({ account, state: 'open', limit: quota }, this.#clock());
    return open.length >= quota;
  }

  async #keep(password: string, order: ChallengeOrder): Promise<IssueOutcome> {
    const createdAt = this.#clock();
    const expiresAt = new Date(createdAt.getTime() + order.validityMinutes * 60_000);
    const record: ChallengeRecord = {
      id: this.#randomBytes(ID_OCTETS).toString('hex') as ChallengeId,
      digest: this.#digests.generated(password),
      account: order.account,
      binding: order.binding,
      createdAt,
      expiresAt,
      maxUses: order.maxUses,
      uses: 0,
      revokedAt: undefined,
    };
    const added = await this.#store.add(record, order.quota);
    return added ? { kind: 'issued', id: record.id, password, expiresAt } : { kind: 'full' };
  }

  /** One record for a profile: the password that upstream had before opens nothing any more. */
  async #keepLasting(password: string, order: ChallengeOrder): Promise<IssueOutcome> {
    const createdAt = this.#clock();
    const { profile } = order.binding;
    const id = `upstream:${profile ?? ''}` as ChallengeId;
    const digest = this.#digests.generated(password);
    if ((await this.#store.find(id))?.digest !== digest) {
      await this.#store.put({
        id,
        digest,
        account: UPSTREAM_ACCOUNT,
        binding: profile === undefined ? {} : { profile },
        createdAt,
        expiresAt: undefined,
        maxUses: undefined,
        uses: 0,
        revokedAt: undefined,
      });
    }
    const expiresAt = new Date(createdAt.getTime() + order.validityMinutes * 60_000);
    return { kind: 'issued', id, password, expiresAt, lasting: true };
  }

  async check(password: string, use: ChallengeUse): Promise<OwnVerdict> {
    const found = await this.#fitting(password, use);
    if (found.kind === 'refused') return found;
    const { id, account, binding } = found.record;
    const { sid, san } = binding;
    if (await this.#store.isHeld(id, use.transaction))
      return { kind: 'held', id, account, sid, san };
    const now = this.#clock();
    const state = isOfTheFuture(found.record, now) ? 'expired' : challengeState(found.record, now);
    return state === 'open'
      ? { kind: 'valid', id, account, sid, san }
      : { kind: 'refused', id, reason: state, detail: undefined };
  }

  async reserve(password: string, use: ChallengeUse): Promise<OwnVerdict> {
    const found = await this.#fitting(password, use);
    if (found.kind === 'refused') return found;
    const { id, account, binding } = found.record;
    const { sid, san } = binding;
    const now = this.#clock();
    if (isOfTheFuture(found.record, now) && !(await this.#store.isHeld(id, use.transaction)))
      return { kind: 'refused', id, reason: 'expired', detail: undefined };
    const outcome = await this.#store.reserve(id, use.transaction, now);
    switch (outcome.kind) {
      case 'reserved':
        return { kind: 'valid', id, account, sid, san };
      case 'held':
        return { kind: 'held', id, account, sid, san };
      case 'refused':
        return { kind: 'refused', id, reason: outcome.reason, detail: undefined };
    }
  }

  confirm(id: ChallengeId, transaction: string): Promise<void> {
    return this.#store.confirm(id, transaction);
  }

  release(id: ChallengeId, transaction: string): Promise<void> {
    return this.#store.release(id, transaction);
  }

  list(filter: ChallengeFilter): Promise<readonly ChallengeRecord[]> {
    return this.#store.list(filter, this.#clock());
  }

  revoke(id: ChallengeId): Promise<boolean> {
    return this.#store.revoke(id, this.#clock());
  }

  syncStatic(
    challenges: readonly StaticChallenge[],
    singles: readonly SinglePassword[],
  ): Promise<void> {
    return this.#configured.sync(challenges, singles);
  }

  singlePassword(profile: string, length: number): Promise<string> {
    return this.#configured.singlePassword({ profile, length });
  }

  prune(): Promise<number> {
    return this.#store.prune(new Date(this.#clock().getTime() - KEPT_AFTER_CLOSE_MILLIS));
  }

  /** The challenge that the text opens, when it was made for this use; its state is not looked at. */
  async #fitting(
    password: string,
    use: ChallengeUse,
  ): Promise<{ readonly kind: 'fits'; readonly record: ChallengeRecord } | Refusal> {
    const record =
      (await this.#store.findByDigest(this.#digests.generated(password))) ??
      (await this.#store.findByDigest(this.#digests.configured(use.profile, password)));
    if (!record) return { kind: 'refused', id: undefined, reason: 'unknown', detail: undefined };
    const detail = bindingMismatch(record.binding, use);
    if (detail === undefined) return { kind: 'fits', record };
    return { kind: 'refused', id: record.id, reason: 'binding', detail };
  }
}

/**
 * Made while the clock was wrong: it would be good for as long as the clock has been set back since. A small
 * step back costs nobody his challenge.
 */
function isOfTheFuture({ createdAt, expiresAt }: ChallengeRecord, now: Date): boolean {
  if (expiresAt === undefined) return false;
  const validity = expiresAt.getTime() - createdAt.getTime();
  return createdAt.getTime() - now.getTime() > validity;
}
