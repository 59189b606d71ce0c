import { randomBytes } from 'node:crypto';
import {
  challengeState,
  type ChallengeBinding,
  type ChallengeDigest,
  type ChallengeId,
  type ChallengeRecord,
  type ChallengeStore,
} from '../store/index.js';
import { bindingMismatch } from './binding.js';
import type {
  ChallengeUse,
  ChallengeValidator,
  ChallengeVerdict,
} from './challenge-service.types.js';
import { createDenialCache, type Denial, type DenialCache } from './denial-cache.js';
import { ChallengeDigests } from './digest.js';

/** Asks somebody outside. Never throws: what cannot be found out is `unavailable`. */
export type AskValidator = (password: string, use: ChallengeUse) => Promise<ValidatorAnswer>;

export type ValidatorAnswer =
  | {
      readonly kind: 'allowed';
      /** What the validator vouches for: SANs the request may hold, the SID of the certificate. */
      readonly attested: Pick<ChallengeBinding, 'san' | 'sid'>;
    }
  | { readonly kind: 'denied'; readonly detail: string | undefined }
  | { readonly kind: 'unavailable'; readonly detail: string };

/** Stands for the validator where other challenges name an account; no login name has parentheses. */
const ACCOUNT = '(validator)';

/** A yes stands this long for its transaction, when the CA cannot answer. */
const ANSWER_MILLIS = 24 * 3600 * 1000;
const RETRY_SECONDS = 30;

/**
 * Challenges that somebody outside judges. A yes becomes a challenge of its own in the store: for this
 * transaction and key, for one use. So it is asked for once, survives a restart, and is reserved, spent
 * and given back as others are. A no is remembered for a short while.
 */
export class ExternalChallenges implements ChallengeValidator {
  readonly #store: ChallengeStore;
  readonly #ask: AskValidator;
  readonly #clock: () => Date;
  readonly #digests: ChallengeDigests;
  readonly #denials: DenialCache;
  readonly #asking = new Map<ChallengeDigest, Promise<Answer>>();

  constructor(options: {
    readonly store: ChallengeStore;
    /** HMAC key of the digests, 32 octets. */
    readonly secret: Buffer;
    readonly ask: AskValidator;
    readonly denialMillis: number;
    readonly clock: () => Date;
  }) {
    this.#store = options.store;
    this.#ask = options.ask;
    this.#clock = options.clock;
    this.#digests = new ChallengeDigests(options.secret);
    this.#denials = createDenialCache(options.denialMillis, options.clock);
  }

  async check(password: string, use: ChallengeUse): Promise<ChallengeVerdict> {
    const digest = this.#digests.external(use.profile, use.transaction, password);
    const record = await this.#known(digest);
    if (record === undefined) {
      const denial = this.#denials.get(digest);
      return denial ? refused(denial) : { kind: 'valid', id: toBeAsked, account: ACCOUNT };
    }
    const detail = bindingMismatch(record.binding, use);
    if (detail !== undefined) return refused({ reason: 'binding', detail }, record.id);
    const held = await this.#store.isHeld(record.id, use.transaction);
    return opened(held ? 'held' : 'valid', record);
  }

  async reserve(password: string, use: ChallengeUse): Promise<ChallengeVerdict> {
    const digest = this.#digests.external(use.profile, use.transaction, password);
    const answer = await this.#answer(digest, password, use);
    if (answer.kind !== 'allowed') return answer;
    const { record } = answer;
    const detail = bindingMismatch(record.binding, use);
    if (detail !== undefined) return refused({ reason: 'binding', detail }, record.id);
    const outcome = await this.#store.reserve(record.id, use.transaction, this.#clock());
    switch (outcome.kind) {
      case 'reserved':
        return opened('valid', record);
      case 'held':
        return opened('held', record);
      case 'refused':
        return { kind: 'refused', id: record.id, reason: outcome.reason, detail: undefined };
    }
  }

  confirm(id: ChallengeId, transaction: string): Promise<void> {
    return this.#store.confirm(id, transaction);
  }

  release(id: ChallengeId, transaction: string): Promise<void> {
    return this.#store.release(id, transaction);
  }

  /** Those who come for the same answer at the same time wait for one. */
  #answer(digest: ChallengeDigest, password: string, use: ChallengeUse): Promise<Answer> {
    const asking = this.#asking.get(digest);
    if (asking) return asking;
    const started = this.#find(digest, password, use).finally(() => this.#asking.delete(digest));
    this.#asking.set(digest, started);
    return started;
  }

  async #find(digest: ChallengeDigest, password: string, use: ChallengeUse): Promise<Answer> {
    const record = await this.#known(digest);
    if (record) return { kind: 'allowed', record };
    const denial = this.#denials.get(digest);
    if (denial) return refused(denial);
    const answer = await this.#ask(password, use);
    switch (answer.kind) {
      case 'allowed':
        return this.#keep(digest, use, answer.attested);
      case 'denied':
        return this.#deny(digest, { reason: 'denied', detail: answer.detail });
      case 'unavailable':
        return unavailable(answer.detail);
    }
  }

  async #keep(
    digest: ChallengeDigest,
    use: ChallengeUse,
    attested: Pick<ChallengeBinding, 'san' | 'sid'>,
  ): Promise<Answer> {
    const binding = { profile: use.profile, key: use.keyId, ...attested };
    const detail = bindingMismatch(binding, use);
    if (detail !== undefined) return this.#deny(digest, { reason: 'binding', detail });
    const createdAt = this.#clock();
    const record: ChallengeRecord = {
      id: `external:${randomBytes(10).toString('hex')}` as ChallengeId,
      digest,
      account: ACCOUNT,
      binding,
      createdAt,
      expiresAt: new Date(createdAt.getTime() + ANSWER_MILLIS),
      maxUses: 1,
      uses: 0,
      revokedAt: undefined,
    };
    const added = await this.#store.add(record, Number.MAX_SAFE_INTEGER);
    return added ? { kind: 'allowed', record } : unavailable('no room for the answer');
  }

  #deny(digest: ChallengeDigest, denial: Denial): Refusal {
    this.#denials.put(digest, denial);
    return refused(denial);
  }

  /** The answer that was given before, unless its time has passed: then it is asked for anew. */
  async #known(digest: ChallengeDigest): Promise<ChallengeRecord | undefined> {
    const record = await this.#store.findByDigest(digest);
    return record && challengeState(record, this.#clock()) !== 'expired' ? record : undefined;
  }
}

type Refusal = Extract<ChallengeVerdict, { readonly kind: 'refused' }>;

type Answer =
  | { readonly kind: 'allowed'; readonly record: ChallengeRecord }
  | Extract<ChallengeVerdict, { readonly kind: 'refused' | 'unavailable' }>;

/** No record has it. */
const toBeAsked = 'external:' as ChallengeId;

function opened(
  kind: 'valid' | 'held',
  { id, account, binding }: ChallengeRecord,
): ChallengeVerdict {
  return { kind, id, account, sid: binding.sid, san: binding.san };
}

function refused({ reason, detail }: Denial, id?: ChallengeId): Refusal {
  return { kind: 'refused', id, reason, detail };
}

function unavailable(detail: string): Extract<Answer, { readonly kind: 'unavailable' }> {
  return { kind: 'unavailable', detail, retryAfterSeconds: RETRY_SECONDS };
}
