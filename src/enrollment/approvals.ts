import type { ChallengeValidator } from '../challenge/index.js';
import { GatewayError } from '../errors/index.js';
import type { ChallengeId, EnrollmentStore, TransactionRecord } from '../store/index.js';
import { auditRecord, subjectOfTransaction } from './records.js';
import { findWaiting } from './waiting-transaction.js';

export interface ApprovalDependencies {
  readonly store: EnrollmentStore;
  readonly challenges: Pick<ChallengeValidator, 'confirm'>;
  readonly clock: () => Date;
}

export interface ApprovalRequest {
  /** Transaction id as `pending list` shows it; a unique prefix will do. */
  readonly transaction: string;
  readonly decision: 'approve' | 'deny';
  readonly actor: string;
  /** Shown to the device when denied. */
  readonly reason?: string;
  readonly correlationId: string;
  /** Where the decision comes from; `local` is the command line. */
  readonly address?: string;
}

/**
 * An administrator's yes or no. Approval is recorded; the running gateway takes it up, within seconds or
 * when the device asks, so the CA keys and logins stay with it.
 *
 * @throws GatewayError `cli.not-found` when nothing or more than one transaction fits
 */
export async function decideApproval(
  { store, challenges, clock }: ApprovalDependencies,
  request: ApprovalRequest,
): Promise<TransactionRecord> {
  const record = await findWaiting(store, request.transaction, {
    accepts: ({ state }) => state.kind === 'awaiting-approval',
    forWhat: 'approval',
  });
  const now = clock();
  const about = subjectOfTransaction(record, {
    correlationId: request.correlationId,
    address: request.address ?? 'local',
    userAgent: undefined,
  });
  const approved = request.decision === 'approve';
  const text = request.reason ?? 'An administrator denied the request.';
  const decided = await store.conclude({
    transaction: record.id,
    state: approved
      ? { kind: 'approved', approver: request.actor }
      : { kind: 'rejected', code: 'enrollment.denied', text },
    ...(approved && { errand: { dueAt: now, attempts: 0, problem: undefined } }),
    audit: auditRecord(about, {
      at: now,
      event: approved ? 'enrollment.approved' : 'enrollment.denied',
      outcome: approved ? 'ok' : 'refused',
      actor: request.actor,
      ...(request.reason === undefined ? {} : { reason: request.reason }),
    }),
    now,
  });
  if (!decided) throw new GatewayError('cli.not-found', 'The request was decided in the meantime.');
  if (!approved && record.challengeId !== undefined) {
    await challenges.confirm(record.challengeId as ChallengeId, record.id);
  }
  return record;
}
