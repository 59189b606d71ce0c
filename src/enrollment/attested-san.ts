import { attestedBy, type AuthorizationGround } from '../issuer/index.js';
import type { PolicyDecision } from './policy.js';
import { PolicyRefusal } from './policy-refusal.js';
import { grantAttestedNames, sanMissing } from './policy-san.js';
import type { CsrPolicy } from './policy-types.js';

/**
 * A request without names gets those that its challenge is bound to, or that stand in the renewed
 * certificate, where the issuer can tell its CA. All of them, and only such as the device could have asked for.
 */
export function withAttestedSan(
  decision: PolicyDecision,
  ground: AuthorizationGround,
  policy: Pick<CsrPolicy, 'san' | 'sidUri' | 'attestedSan'>,
): PolicyDecision {
  if (decision.kind === 'refused' || !policy.attestedSan || decision.san.length > 0) {
    return decision;
  }
  const { san = [] } = attestedBy(ground);
  if (san.length === 0) {
    return policy.san.required ? { kind: 'refused', refusal: sanMissing(policy) } : decision;
  }
  try {
    const { content, notes } = decision;
    const { names, extension } = grantAttestedNames(san, policy);
    const subjectIsEmpty = content.subject.length <= emptyName;
    return {
      ...decision,
      content: { ...content, extensions: [...content.extensions, extension(subjectIsEmpty)] },
      san: names,
      notes: [...notes, `attested ${names.join(', ')}`],
    };
  } catch (error) {
    if (error instanceof PolicyRefusal) return { kind: 'refused', refusal: error };
    throw error;
  }
}

/** Octets of a SEQUENCE without members. */
const emptyName = 2;
