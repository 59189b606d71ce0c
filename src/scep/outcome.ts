/** From what enrollment decided to what the device is told. */
import type { EnrollmentOutcome } from '../enrollment/index.js';
import type { Certificate } from '../x509/index.js';
import type { Answer } from './request.js';
import type { ScepProfile } from './scep-server.types.js';

export async function answerOutcome(
  outcome: EnrollmentOutcome,
  profile: ScepProfile,
  seal: (certificates: readonly Certificate[]) => Promise<Buffer>,
): Promise<Answer> {
  switch (outcome.kind) {
    case 'issued':
      return {
        kind: 'success',
        content: await seal(replyCertificates(outcome, profile.replyCertificates)),
      };
    case 'rejected':
      return {
        kind: 'refused',
        fault: { code: outcome.code, message: outcome.text, hresult: outcome.hresult },
      };
    case 'pending':
    case 'unavailable':
      return outcome;
  }
}

/** The leaf first and never sorted: Apple pairs the first certificate with its key (A3). */
function replyCertificates(
  { certificate, chain }: Extract<EnrollmentOutcome, { kind: 'issued' }>,
  shape: ScepProfile['replyCertificates'],
): readonly Certificate[] {
  const above = chain.filter(({ der }) => !der.equals(certificate.der));
  if (shape === 'leaf') return [certificate];
  return [certificate, ...(shape === 'chain' ? above : above.slice(0, 1))];
}
