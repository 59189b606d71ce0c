import { hkdfSync } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { GatewayError } from '../errors/index.js';
import type { ChallengeId, ChallengeRecord, ChallengeStore } from '../store/index.js';
import { requireUsable } from './binding.js';
import type { SinglePassword, StaticChallenge } from './challenge-service.types.js';
import type { ChallengeDigests } from './digest.js';

/** Stands for the configuration where other challenges name an account; no login name has parentheses. */
const ACCOUNT = '(configuration)';

/** A challenge that left the configuration is good for no enrollment; `revoke` leaves the uses alone. */
const RETIRED_USES = 0;

/** Challenges that the configuration names: secrets of its own, and single passwords. */
export class ConfiguredChallenges {
  readonly #store: ChallengeStore;
  readonly #digests: ChallengeDigests;
  readonly #clock: () => Date;
  readonly #singlePasswordSecret: Buffer;

  constructor(
    store: ChallengeStore,
    digests: ChallengeDigests,
    clock: () => Date,
    singlePasswordSecret: Buffer,
  ) {
    this.#store = store;
    this.#digests = digests;
    this.#clock = clock;
    this.#singlePasswordSecret = singlePasswordSecret;
  }

  async sync(
    statics: readonly StaticChallenge[],
    singles: readonly SinglePassword[],
  ): Promise<void> {
    const records = [
      ...statics.map((challenge) => this.#staticRecord(challenge)),
      ...singles.map((single) => this.#singleRecord(single)),
    ];
    requireDistinct(records);
    await Promise.all(records.map((record) => this.#keep(record)));
    await this.#retireAllBut(new Set(records.map((record) => record.id)));
  }

  /** The same on every start: derived, never stored. */
  async singlePassword(single: SinglePassword): Promise<string> {
    await this.#keep(this.#singleRecord(single));
    return this.#derive(single);
  }

  #derive({ profile, length }: SinglePassword): string {
    const octets = hkdfSync('sha256', this.#singlePasswordSecret, '', `single:${profile}`, length);
    return Buffer.from(octets).toString('hex').toUpperCase();
  }

  #staticRecord(challenge: StaticChallenge): ChallengeRecord {
    const { name, profile, secret, binding, expiresAt, maxUses } = challenge;
    if (secret.trim() === '')
      throw new GatewayError(
        'config.invalid',
        `The static challenge ${name} of profile ${profile} is empty.`,
      );
    requireUsable(binding);
    return {
      ...this.#fresh(`static:${profile}:${name}`),
      digest: this.#digests.configured(profile, secret),
      binding: { ...binding, profile },
      expiresAt,
      maxUses,
    };
  }

  #singleRecord(single: SinglePassword): ChallengeRecord {
    return {
      ...this.#fresh(`single:${single.profile}`),
      digest: this.#digests.generated(this.#derive(single)),
      binding: { profile: single.profile },
      expiresAt: undefined,
      maxUses: undefined,
    };
  }

  #fresh(id: string) {
    return {
      id: id as ChallengeId,
      account: ACCOUNT,
      createdAt: this.#clock(),
      uses: 0,
      revokedAt: undefined,
    };
  }

  /** An administrator's revocation of this very secret outlives a restart; leaving the file does not. */
  async #keep(record: ChallengeRecord): Promise<void> {
    const former = await this.#store.find(record.id);
    if (former?.digest !== record.digest) return this.#store.put(record);
    const revokedAt = former.maxUses === RETIRED_USES ? undefined : former.revokedAt;
    const kept = { ...record, createdAt: former.createdAt, revokedAt };
    if (!isSame(former, kept)) await this.#store.put(kept);
  }

  async #retireAllBut(kept: ReadonlySet<ChallengeId>): Promise<void> {
    const now = this.#clock();
    const known = await this.#store.list({ account: ACCOUNT, limit: Number.MAX_SAFE_INTEGER }, now);
    await Promise.all(
      known
        .filter((record) => !kept.has(record.id) && record.maxUses !== RETIRED_USES)
        .map((record) =>
          this.#store.put({ ...record, maxUses: RETIRED_USES, revokedAt: record.revokedAt ?? now }),
        ),
    );
  }
}

/** Two secrets that are one cannot be told apart when a device presents it. */
function requireDistinct(records: readonly ChallengeRecord[]): void {
  const seen = new Map<string, ChallengeRecord>();
  for (const record of records) {
    const twin = seen.get(record.digest) ?? seen.get(record.id);
    if (twin)
      throw new GatewayError(
        'config.invalid',
        `Two static challenges are the same: ${twin.id} and ${record.id}.`,
        { mend: 'Give each its own name and its own secret.' },
      );
    seen.set(record.digest, record).set(record.id, record);
  }
}

function isSame(former: ChallengeRecord, next: ChallengeRecord): boolean {
  return isDeepStrictEqual({ ...former, uses: 0 }, { ...next, uses: 0 });
}
