import type { BacklogGroup } from '../store/index.js';
import type { Pace } from './backoff.js';

/** How the gateway works on what waits for a CA. */
export interface BacklogSettings {
  /** Between attempts at a CA that does not answer. */
  readonly retry: Pace;
  /** Between questions after a request under submission. */
  readonly poll: Pace;
  /** Calls in a row without an answer before a CA is left alone for a while. */
  readonly breakerFailures: number;
  /** Transactions of one issuer in work at once. */
  readonly parallel: number;
  /** An operator is told of what waits longer than this. */
  readonly overdueMillis: number;
  /** What no CA has seen is dropped after this. */
  readonly dropMillis: number;
}

/** How a CA has answered this process of late. */
export interface IssuerHealth {
  readonly issuer: string;
  /** `open`: left alone until `retryAt`; then one call finds out. */
  readonly breaker: 'closed' | 'open';
  readonly since: Date;
  readonly retryAt: Date | undefined;
  /** What it failed with last, and what an operator has to do where waiting alone mends nothing. */
  readonly problem: string | undefined;
  readonly mend: string | undefined;
}

export interface BacklogStatus {
  readonly waiting: readonly BacklogGroup[];
  readonly issuers: readonly IssuerHealth[];
}

/** For the log; nothing secret in it. */
export type BacklogEvent =
  | { readonly kind: 'issuer-down' | 'issuer-up'; readonly health: IssuerHealth }
  | {
      /** An operator has to look: a submission in doubt, or a request that waits too long. */
      readonly kind: 'in-doubt' | 'overdue' | 'dropped' | 'stranded' | 'unrecorded';
      readonly transaction: string;
      readonly profile: string;
      readonly issuer: string | undefined;
      readonly text: string;
      /** Undefined where it is about several. */
      readonly correlationId: string | undefined;
    }
  | {
      readonly kind: 'failed';
      readonly transaction: string;
      readonly correlationId: string;
      readonly error: unknown;
    };

/** What the gateway does about unanswered transactions while no device asks. */
export interface Backlog {
  /** One round over what is due; ends when it is done, or soon after `signal` is aborted. */
  round(signal?: AbortSignal): Promise<void>;
  status(): Promise<BacklogStatus>;
}
