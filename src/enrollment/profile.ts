import type { Issuer } from '../issuer/index.js';
import type { Name } from '../x509/index.js';
import type { CsrPolicy, RenewalPolicy } from './policy-types.js';

/** One enrollment policy, chosen by path. */
export interface EnrollmentProfile {
  readonly name: string;
  readonly issuer: Issuer;
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
