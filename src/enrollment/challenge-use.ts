import type { ChallengeUse } from '../challenge/index.js';
import type { EnrollmentRequest } from './enrollment.types.js';
import type { PolicyDecision } from './policy.js';
import { readableSanTexts } from './policy-san.js';
import { transactionText } from './transaction.js';

/** What the challenge of a request is checked against, and which transaction would hold it. */
export function challengeUse(
  request: EnrollmentRequest,
  transaction: string,
  policy: PolicyDecision,
): ChallengeUse {
  return {
    profile: request.profile,
    subject: request.csr.subject.text,
    san: policy.kind === 'granted' ? policy.san : readableSanTexts(request.csr),
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
