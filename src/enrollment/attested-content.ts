import type { AuthorizationGround } from '../issuer/index.js';
import { withAttestedSan } from './attested-san.js';
import { withAttestedSid } from './attested-sid.js';
import type { PolicyDecision } from './policy.js';
import type { CsrPolicy } from './policy-types.js';

/** What policy granted, with what somebody vouched for. The names come first: a SID may be among them. */
export function withAttested(
  decision: PolicyDecision,
  ground: AuthorizationGround,
  policy: CsrPolicy,
): PolicyDecision {
  return withAttestedSid(withAttestedSan(decision, ground, policy), ground, policy);
}
