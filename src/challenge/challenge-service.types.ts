import type {
  ChallengeBinding,
  ChallengeFilter,
  ChallengeId,
  ChallengeRecord,
} from '../store/index.js';
import type { ChallengeSource } from './challenge-source.js';

export interface ChallengeOrder {
  readonly account: string;
  /** Open challenges this account may hold. */
  readonly quota: number;
  readonly binding: ChallengeBinding;
  /** Octets of randomness; the password is twice as many upper-case hex digits. */
  readonly length: number;
  readonly validityMinutes: number;
  readonly maxUses: number;
  /** Who makes the challenge instead of us. Its own validity counts where that is shorter. */
  readonly source?: ChallengeSource | undefined;
}

export type IssueOutcome =
  | {
      readonly kind: 'issued';
      readonly id: ChallengeId;
      readonly password: string;
      readonly expiresAt: Date;
      /** True for the one lasting password of an upstream NDES. */
      readonly lasting?: boolean;
    }
  /** The quota of the account is used up (NDES: "The password cache is full."). */
  | { readonly kind: 'full' };

/** What a presented challenge is checked against. */
export interface ChallengeUse {
  readonly profile: string;
  /** `Name.text` of the CSR subject. */
  readonly subject: string;
  /** `dns:host` … as in ChallengeBinding. */
  readonly san: readonly string[];
  /** A request without SAN will get the names that the challenge is bound to. */
  readonly sanIsAdded?: boolean;
  readonly keyId: string;
  readonly address: string;
  /** The enrollment transaction that would hold the challenge. */
  readonly transaction: string;
  /** What an external validator is told besides. */
  readonly request: {
    /** transactionID as text. */
    readonly transactionId: string;
    /** DER of the CSR. A secret, because it carries the challenge. */
    readonly csr: Buffer;
    /** First CN of the subject. */
    readonly commonName: string | undefined;
  };
}

export type ChallengeVerdict =
  | {
      /** `held`: this transaction holds it already. */
      readonly kind: 'valid' | 'held';
      readonly id: ChallengeId;
      readonly account: string;
      /** Windows SID that was attested for the certificate. */
      readonly sid?: string | undefined;
      /** Names that it is bound to. */
      readonly san?: readonly string[] | undefined;
    }
  | {
      readonly kind: 'refused';
      readonly id: ChallengeId | undefined;
      readonly reason: 'unknown' | 'expired' | 'revoked' | 'used' | 'binding' | 'denied';
      /** For the audit record: which binding did not fit. Never the challenge. */
      readonly detail: string | undefined;
    }
  /** An external validator gave no answer: nothing is issued, and the device shall come again. */
  | {
      readonly kind: 'unavailable';
      readonly detail: string;
      readonly retryAfterSeconds: number;
    };

/** A secret from the configuration, kept side by side with others. Uses count by profile and name. */
export interface StaticChallenge {
  readonly name: string;
  readonly secret: string;
  readonly profile: string;
  readonly expiresAt: Date | undefined;
  readonly maxUses: number | undefined;
  readonly binding: ChallengeBinding;
}

/** The lasting password of a profile in NDES' UseSinglePassword mode; `length` in octets. */
export interface SinglePassword {
  readonly profile: string;
  readonly length: number;
}

/**
 * Who says whether a challenge opens. Contract (test/challenge/challenge-validator.contract.ts): of any
 * number of concurrent `reserve` calls of one transaction exactly one is `valid`, the others `held`;
 * `check` reserves nothing and asks nobody; `confirm` and `release` are idempotent, and nothing to a
 * transaction that holds none. What cannot be found out is `unavailable`, never `refused`.
 */
export interface ChallengeValidator {
  /** Would it open, as far as is known here? */
  check(password: string, use: ChallengeUse): Promise<ChallengeVerdict>;
  /** Checks the binding, then reserves for `use.transaction`; `held` until the use is spent. */
  reserve(password: string, use: ChallengeUse): Promise<ChallengeVerdict>;
  /** Reserved → spent for good. */
  confirm(id: ChallengeId, transaction: string): Promise<void>;
  /** Gives a reserved use back: the issuer was unreachable. */
  release(id: ChallengeId, transaction: string): Promise<void>;
}

/** Of our own challenges everything is known. */
export type OwnVerdict = Exclude<ChallengeVerdict, { readonly kind: 'unavailable' }>;

/** Issue, bind, redeem, expire challenges. The store sees keyed hashes only. */
export interface Challenges extends ChallengeValidator {
  /**
   * @throws GatewayError `challenge.binding` when the binding could never fit, `upstream.*` when the
   * source gives no challenge
   */
  issue(order: ChallengeOrder): Promise<IssueOutcome>;
  check(password: string, use: ChallengeUse): Promise<OwnVerdict>;
  reserve(password: string, use: ChallengeUse): Promise<OwnVerdict>;
  list(filter: ChallengeFilter): Promise<readonly ChallengeRecord[]>;
  revoke(id: ChallengeId): Promise<boolean>;
  /**
   * Makes the configured static challenges and single passwords of all profiles the ones that count, and
   * revokes those that left the configuration. Called at the start, by the one process that serves.
   *
   * @throws GatewayError `config.invalid` for twins or an empty secret, `challenge.binding`
   */
  syncStatic(
    challenges: readonly StaticChallenge[],
    singles: readonly SinglePassword[],
  ): Promise<void>;
  /** The lasting password of NDES' UseSinglePassword mode: derived, the same on every start. */
  singlePassword(profile: string, length: number): Promise<string>;
  /** Drops what closed more than a day ago; returns how many. */
  prune(): Promise<number>;
}
