import { attestedBy, type AuthorizationGround } from '../issuer/index.js';
import { extensionOids, sidExtension, sidInUri } from '../x509/index.js';
import type { PolicyDecision } from './policy.js';
import { PolicyRefusal } from './policy-refusal.js';
import type { CsrPolicy } from './policy-types.js';

/**
 * The SID that was attested with the challenge, or stands in the renewed certificate, stands in the new
 * one, and no other: what a request says of itself proves nothing.
 */
export function withAttestedSid(
  decision: PolicyDecision,
  ground: AuthorizationGround,
  { sidUri }: Pick<CsrPolicy, 'sidUri'>,
): PolicyDecision {
  if (decision.kind === 'refused') return decision;
  const { sid } = attestedBy(ground);
  if (sidUri === 'attested' && decision.san.some((name) => claimsOther(name, sid))) {
    return { kind: 'refused', refusal: notAttested() };
  }
  if (sid === undefined) return decision;
  const others = decision.content.extensions.filter(({ oid }) => oid !== extensionOids.msSid);
  return {
    ...decision,
    content: { ...decision.content, extensions: [...others, sidExtension(sid)] },
    notes: [...decision.notes, `attested SID ${sid}`],
  };
}

function claimsOther(name: string, attested: string | undefined): boolean {
  const claimed = sidInUri(name);
  return claimed !== undefined && claimed !== attested;
}

function notAttested(): PolicyRefusal {
  return new PolicyRefusal(
    'policy.san',
    'The request asks for a Windows SID in the subjectAltName that nobody has vouched for.',
  );
}
