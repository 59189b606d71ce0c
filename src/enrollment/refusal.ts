import type { ErrorCode } from '../errors/index.js';
import type { EnrollmentStore } from '../store/index.js';
import type { EnrollmentOutcome, EnrollmentRequest } from './enrollment.types.js';
import { auditRecord, subjectOfRequest } from './records.js';

/** A request that opens no transaction: one line in the trail, and an answer that binds nobody. */
export async function refuseRequest(
  { store, clock }: { readonly store: EnrollmentStore; readonly clock: () => Date },
  request: EnrollmentRequest,
  {
    code,
    text,
    reason = text,
    challengeId,
  }: {
    readonly code: ErrorCode;
    /** For the device. */
    readonly text: string;
    /** For the audit record, where it says more. */
    readonly reason?: string;
    readonly challengeId?: string | undefined;
  },
): Promise<EnrollmentOutcome> {
  const decision = {
    at: clock(),
    event: 'enrollment.rejected',
    outcome: 'refused' as const,
    code,
    reason,
  };
  await store.appendAudit(auditRecord(subjectOfRequest(request, challengeId), decision));
  return { kind: 'rejected', code, text };
}

export const otherKey = {
  code: 'scep.transaction-key',
  text: 'This transactionID belongs to a request with another key; start a new transaction.',
} as const;
