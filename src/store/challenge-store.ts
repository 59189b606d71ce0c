/** Durable state of challenges. Secrets never come here: only their keyed hashes. */

/** HMAC-SHA-256 of a challenge under the gateway's challenge key, lower-case hex. */
export type ChallengeDigest = string & { readonly __brand: 'ChallengeDigest' };
export type ChallengeId = string & { readonly __brand: 'ChallengeId' };

/** What a bound challenge opens for; every member that is present must fit. */
export interface ChallengeBinding {
  readonly profile?: string;
  /** RFC 4514-like text as `Name.text` gives it, compared after folding case and blanks. */
  readonly subject?: string;
  /** Every SAN of the CSR must be among these: `dns:host`, `email:a@b`, `upn:u@d`, `uri:…`, `ip:…`. */
  readonly san?: readonly string[];
  /** KeyId (SHA-256 of the SubjectPublicKeyInfo, hex). */
  readonly key?: string;
  /** Address or CIDR the enrolling device must come from. */
  readonly requester?: string;
  /** Serial number, UDID: the CSR must name one of these, in its subject or in a SAN. */
  readonly device?: readonly string[];
  /** Windows SID (`S-1-5-21-…`) that the certificate will hold; binds nothing. */
  readonly sid?: string;
}

export interface ChallengeRecord {
  readonly id: ChallengeId;
  readonly digest: ChallengeDigest;
  /** Account that asked for it; its quota counts it while it is open. */
  readonly account: string;
  readonly binding: ChallengeBinding;
  readonly createdAt: Date;
  readonly expiresAt: Date | undefined;
  /** Enrollments it is good for; undefined is no limit (NDES single password). */
  readonly maxUses: number | undefined;
  /** Reserved plus confirmed. */
  readonly uses: number;
  readonly revokedAt: Date | undefined;
}

export type ReserveOutcome =
  /** Reserved now for this transaction. */
  | { readonly kind: 'reserved' }
  /** This transaction holds a use that it has not spent: it was interrupted. */
  | { readonly kind: 'held' }
  /** Unknown, expired, revoked or used up by others. */
  | { readonly kind: 'refused'; readonly reason: 'unknown' | 'expired' | 'revoked' | 'used' };

/** A use that is neither spent nor given back. */
export interface Reservation {
  readonly challenge: ChallengeId;
  /** When the challenge was made: nothing holds it that is older. */
  readonly createdAt: Date;
  readonly transaction: string;
  /** When it was reserved or asked for again; undefined of what an earlier release reserved. */
  readonly touchedAt: Date | undefined;
}

export interface ChallengeFilter {
  readonly account?: string;
  /** Revoked before used before expired: a spent challenge stays `used` after its time. */
  readonly state?: 'open' | 'used' | 'expired' | 'revoked';
  readonly limit?: number;
}

/**
 * Contract (test/store/challenge-store.contract.ts): every method is atomic; of any number of
 * concurrent `reserve` calls for a single-use challenge exactly one transaction gets it; a reservation
 * counts as a use until released; `confirm`, `release` and, until spent, `reserve` are idempotent per transaction;
 * what was resolved is durable where the store is durable, at once unless a method says otherwise.
 */
export interface ChallengeStore {
  readonly durable: boolean;
  /**
   * Adds if `account` has fewer than `quota` open challenges at `createdAt`; false when it has not. Whoever
   * hands it out records that first: so it need not be durable yet, as with `reserve`.
   */
  add(record: ChallengeRecord, quota: number): Promise<boolean>;
  /**
   * Inserts or replaces by id, keeping the uses: challenges of the configuration. They last: `prune`
   * leaves them, or a used-up secret would open again at the next start.
   */
  put(record: ChallengeRecord): Promise<void>;
  /** Of several with one digest (a static challenge under a new name) the one that is not revoked, newest. */
  findByDigest(digest: ChallengeDigest): Promise<ChallengeRecord | undefined>;
  find(id: ChallengeId): Promise<ChallengeRecord | undefined>;
  /**
   * A use that this transaction has spent is gone for it as for others: it takes another, if there is one.
   * By itself a reservation brings nobody anything, so it need not be durable yet: it is when a later write
   * of these stores is, such as that of the transaction it is for.
   */
  reserve(id: ChallengeId, transaction: string, now: Date): Promise<ReserveOutcome>;
  /** True when this transaction holds or has spent a use. */
  isHeld(id: ChallengeId, transaction: string): Promise<boolean>;
  /** Reserved → spent for good. */
  confirm(id: ChallengeId, transaction: string): Promise<void>;
  /** Gives a reserved use back (the issuer was unreachable). A spent use stays spent. */
  release(id: ChallengeId, transaction: string): Promise<void>;
  /**
   * What was reserved, or asked for again by who holds it, before `before`, a part at a time; what changes
   * meanwhile may be missing. Not of challenges without limit, which lack no use. Where an earlier release
   * wrote no time, the last use of the challenge counts.
   */
  idleReservations(before: Date): AsyncIterable<readonly Reservation[]>;
  /**
   * As `release`, unless the use was reserved since `before`: `reserve` that answers `held` keeps the
   * reservation from it, too. True when the use was given back.
   */
  reclaim(id: ChallengeId, transaction: string, before: Date): Promise<boolean>;
  /** Newest first; 1000 where the filter has no limit. */
  list(filter: ChallengeFilter, now: Date): Promise<readonly ChallengeRecord[]>;
  /** How many there are of each state. Reads them all. */
  count(now: Date): Promise<Record<NonNullable<ChallengeFilter['state']>, number>>;
  /** False when there is no such challenge. */
  revoke(id: ChallengeId, now: Date): Promise<boolean>;
  /** Drops what expired or was used up before `before` and is not reserved; returns how many. */
  prune(before: Date): Promise<number>;
}
