import type { AuditRecord, TransactionRecord, TransactionState } from '../store/index.js';
import type { EnrollmentRequest } from './enrollment.types.js';
import { auditRecord, subjectOfRequest } from './records.js';

/** What the trail says of a transaction when it is opened; nothing of one that is answered at once. */
export function openingAudit(
  request: EnrollmentRequest,
  { challengeId, state, errand, createdAt }: TransactionRecord,
  replaced: TransactionRecord | undefined,
): AuditRecord | undefined {
  const about = subjectOfRequest(request, challengeId);
  const left = replaced && leftAtTheCa(replaced.state);
  if (left !== undefined) {
    return auditRecord(about, {
      at: createdAt,
      event: 'enrollment.replaced',
      outcome: 'pending',
      reason: `another request took the place of one that had no answer; ${left}`,
    });
  }
  if (state.kind === 'authorized' && errand !== undefined) {
    return auditRecord(about, {
      at: createdAt,
      event: 'enrollment.issuer-unavailable',
      outcome: 'pending',
      code: 'issuer.unavailable',
      reason: errand.problem ?? 'no CA answers',
    });
  }
  if (state.kind !== 'awaiting-approval') return undefined;
  return auditRecord(about, {
    at: createdAt,
    event: 'enrollment.awaiting-approval',
    outcome: 'pending',
  });
}

function leftAtTheCa(state: TransactionState): string | undefined {
  switch (state.kind) {
    case 'submitted':
      return `request ${state.requestId} stays at ${state.issuer}`;
    case 'submitting':
    case 'in-doubt':
      return `${state.issuer} may have it`;
    default:
      return undefined;
  }
}
