import type { ChallengeUse } from '../challenge/index.js';
import type { EnrollmentRequest } from './enrollment.types.js';
import type { PolicyDecision } from './policy.js';
import type { CsrPolicy } from './policy-types.js';
import { readableSanTexts } from './policy-san.js';
import { transactionText } from './transaction.js';

/** What the challenge of a request is checked against, and which transaction would hold it. */
export function challengeUse(
  request: EnrollmentRequest,
  transaction: string,
  policy: PolicyDecision,
  { attestedSan = false }: Pick<CsrPolicy, 'attestedSan'>,
): ChallengeUse {
  return {
    profile: request.profile,
    subject: request.csr.subject.text,
    san: policy.kind === 'granted' ? policy.san : readableSanTexts(request.csr),
    sanIsAdded: attestedSan,
    keyId: request.csr.publicKey.id,
    address: request.client.address,
    transaction,
    request: {
      transactionId: transactionText(request.transactionId),
      csr: request.csr.der,
      commonName: request.csr.subject.values('CN')[0],
    },
  };
}
