/** The decision: request → authorization → policy → issuer → recorded outcome. */
export type {
  ClientContext,
  Enrollment,
  EnrollmentOutcome,
  EnrollmentRequest,
  PollRequest,
} from './enrollment.types.js';
export type { CsrPolicy, RenewalPolicy, SanType } from './policy-types.js';
