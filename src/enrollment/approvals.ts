import type { ChallengeValidator } from '../challenge/index.js';
import { GatewayError } from '../errors/index.js';
import type { ChallengeId, EnrollmentStore, TransactionRecord } from '../store/index.js';
import { auditRecord, subjectOfTransaction } from './records.js';

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
}

/**
 * An administrator's yes or no. Approval is recorded; the device's next poll or re-sent request issues
 * the certificate, so the CA keys stay with the running gateway.
 *
 * @throws GatewayError `cli.not-found` when nothing or more than one transaction fits
 */
export async function decideApproval(
  { store, challenges, clock }: ApprovalDependencies,
  request: ApprovalRequest,
): Promise<TransactionRecord> {
  const record = await findWaiting(store, request.transaction);
  const now = clock();
  const about = subjectOfTransaction(record, {
    correlationId: request.correlationId,
    address: 'local',
    userAgent: undefined,
  });
  const approved = request.decision === 'approve';
  const text = request.reason ?? 'An administrator denied the request.';
  const decided = await store.conclude({
    transaction: record.id,
    state: approved
      ? { kind: 'approved', approver: request.actor }
      : { kind: 'rejected', code: 'enrollment.denied', text },
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

async function findWaiting(store: EnrollmentStore, prefix: string): Promise<TransactionRecord> {
  const waiting = (await store.pending({ limit: 100_000 })).filter(
    ({ id, state }) => id.startsWith(prefix) && state.kind === 'awaiting-approval',
  );
  const [found, another] = waiting;
  if (found && !another) return found;
  throw new GatewayError(
    'cli.not-found',
    found
      ? `More than one waiting request starts with ${prefix}.`
      : `No request ${prefix} is waiting for approval.`,
    { mend: 'List them with: scep-gateway pending list' },
  );
}
