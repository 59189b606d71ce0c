import type { AuditRecord } from '../store/index.js';

/** What the gateway did by itself: no request and nobody stands behind it. */
export function ownAudit(
  decision: Pick<AuditRecord, 'at' | 'event' | 'reason'> &
    Partial<Pick<AuditRecord, 'challengeId'>>,
): AuditRecord {
  return {
    correlationId: '',
    profile: undefined,
    transactionId: undefined,
    challengeId: undefined,
    subject: undefined,
    keyId: undefined,
    clientAddress: undefined,
    actor: undefined,
    outcome: 'ok',
    code: undefined,
    ...decision,
  };
}
