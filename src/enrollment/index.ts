/** The decision: request → authorization → policy → issuer → recorded outcome. */
export { decideApproval, type ApprovalRequest } from './approvals.js';
export type { BacklogEvent, BacklogSettings, IssuerHealth } from './backlog.types.js';
export { createEnrollment } from './enrollment.js';
export type {
  ClientContext,
  Enrollment,
  EnrollmentOutcome,
  EnrollmentRequest,
  EnrollmentService,
  PollRequest,
} from './enrollment.types.js';
export { decideWaiting, type OperatorDecision } from './operator-decision.js';
export { decidePolicy } from './policy.js';
export type { CsrPolicy } from './policy-types.js';
export type { EnrollmentProfile } from './profile.js';
export { findRenewed, renewalRefusal } from './renewal.js';
