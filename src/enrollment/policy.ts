import { definiteForm, parseBer } from '../asn1/index.js';
import type { CertificateContent } from '../issuer/index.js';
import { requestedValidityDays, type CertificationRequest } from '../x509/index.js';
import { decideExtensions } from './policy-extensions.js';
import { decideKey } from './policy-key.js';
import { decideSubjectAltNames } from './policy-san.js';
import { decideSubject } from './policy-subject.js';
import type { CsrPolicy } from './policy-types.js';
import { PolicyRefusal } from './policy-refusal.js';

export type PolicyDecision =
  | {
      readonly kind: 'granted';
      readonly content: CertificateContent;
      /** SANs the certificate will carry, as text (`dns:host`). */
      readonly san: readonly string[];
      /** What was left out of the request, for the audit record. */
      readonly notes: readonly string[];
    }
  | { readonly kind: 'refused'; readonly refusal: PolicyRefusal };

/** What the profile's policy makes of a CSR: the content of the certificate, or why there is none. */
export function decidePolicy(csr: CertificationRequest, policy: CsrPolicy): PolicyDecision {
  const notes: string[] = [];
  try {
    decideKey(csr.publicKey, policy);
    const san = decideSubjectAltNames(csr, policy, notes);
    decideSubject(csr.subject, policy, san.names.length > 0);
    const extensions = decideExtensions(csr, policy, notes);
    return {
      kind: 'granted',
      content: {
        subject: definiteForm(parseBer(csr.subject.der)),
        extensions: san.extension
          ? [...extensions, san.extension(csr.subject.isEmpty)]
          : extensions,
        validityDays: decideValidity(csr, policy),
      },
      san: san.names,
      notes,
    };
  } catch (error) {
    if (error instanceof PolicyRefusal) return { kind: 'refused', refusal: error };
    throw error;
  }
}

/** Windows asks with ValidityPeriod attributes (W11); only a shorter life than the profile's is granted. */
function decideValidity(csr: CertificationRequest, policy: CsrPolicy): number {
  const requested = policy.honourRequestedValidity ? requestedValidityDays(csr) : undefined;
  return Math.max(1, Math.min(requested ?? policy.validityDays, policy.validityDays));
}
