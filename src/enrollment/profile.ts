import type { Issuer } from '../issuer/index.js';
import type { Name } from '../x509/index.js';
import type { CsrPolicy, RenewalPolicy } from './policy-types.js';

/** One enrollment policy, chosen by path. */
export interface EnrollmentProfile {
  readonly name: string;
  readonly issuer: Issuer;
  /** Further ways to the same CA, tried in this order when nothing was submitted; none when absent. */
  readonly standbys?: readonly Issuer[];
  /**
   * What a device is told while no CA answers: `queue` (the default) is PENDING and the gateway keeps
   * trying, `retry-later` sends the device away. The CA in this process always does the latter: it is
   * out only when the gateway is.
   */
  readonly outage?: 'queue' | 'retry-later';
  readonly policy: CsrPolicy;
  readonly renewal: RenewalPolicy;
  readonly approval: 'automatic' | 'manual';
  readonly dynamicChallenges: boolean;
  readonly staticChallenges: boolean;
  /** An external validator judges the challenges that are not ours. */
  readonly externalChallenges: boolean;
  /** `none: anyone-may-enroll`: a request without a challenge is let in. */
  readonly openToAnyone: boolean;
  /** Transactions that may wait at once. */
  readonly maxPending: number;
  /** How long a finished transaction answers a re-sent request, milliseconds. */
  readonly replayMillis: number;
  /** CRL of a CA of this profile, the present one or one it replaced; undefined for a foreign name. */
  readonly crlOf: (issuer: Name) => Promise<Buffer | undefined>;
}
