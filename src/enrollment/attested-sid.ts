import type { AuthorizationGround } from '../issuer/index.js';
import { extensionOids, sidExtension } from '../x509/index.js';
import type { PolicyDecision } from './policy.js';

/**
 * The SID that was attested with the challenge stands in the certificate, and no other: what a request
 * says of itself proves nothing.
 */
export function withAttestedSid(
  decision: PolicyDecision,
  ground: AuthorizationGround,
): PolicyDecision {
  const sid = ground.by === 'challenge' ? ground.sid : undefined;
  if (decision.kind === 'refused' || sid === undefined) return decision;
  const others = decision.content.extensions.filter(({ oid }) => oid !== extensionOids.msSid);
  return {
    ...decision,
    content: { ...decision.content, extensions: [...others, sidExtension(sid)] },
    notes: [...decision.notes, `attested SID ${sid}`],
  };
}
