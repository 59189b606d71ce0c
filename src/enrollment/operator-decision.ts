import { randomUUID } from 'node:crypto';
import type { ChallengeValidator } from '../challenge/index.js';
import { GatewayError } from '../errors/index.js';
import type {
  ChallengeId,
  EnrollmentStore,
  TransactionRecord,
  TransactionState,
} from '../store/index.js';
import { approverOf } from './conclusion.js';
import { auditRecord, subjectOfTransaction } from './records.js';
import { findWaiting } from './waiting-transaction.js';

export interface DecisionDependencies {
  readonly store: EnrollmentStore;
  readonly challenges: Pick<ChallengeValidator, 'confirm'>;
  readonly clock: () => Date;
}

export interface OperatorDecision {
  /** Transaction id as `pending list` shows it; a unique prefix will do. */
  readonly transaction: string;
  readonly decision: 'retry' | 'drop';
  /** Send it anew even though the CA has it under submission. */
  readonly resubmit?: boolean;
  readonly actor: string;
  /** Shown to the device when dropped. */
  readonly reason?: string;
  readonly correlationId: string;
}

/** What was decided, and what follows from it. */
export interface DecidedTransaction {
  readonly record: TransactionRecord;
  readonly text: string;
}

/**
 * An operator's word on a transaction that the gateway cannot or shall not go on with by itself. It is
 * recorded; the running gateway acts on it within seconds.
 *
 * @throws GatewayError `cli.not-found` when nothing or more than one transaction fits, or when the gateway
 *   works on it at this moment
 */
export async function decideWaiting(
  dependencies: DecisionDependencies,
  order: OperatorDecision,
): Promise<DecidedTransaction> {
  const { store, clock } = dependencies;
  const found = await findWaiting(store, order.transaction, {
    accepts: ({ state }) => state.kind !== 'awaiting-approval',
    forWhat: 'a CA',
  });
  const holder = `operator ${randomUUID()}`;
  const hold = { holder, until: new Date(clock().getTime() + 60_000) };
  const record = await store.hold(found.id, hold, clock());
  if (record === undefined) throw inWork(found);
  const decided = order.decision === 'retry' ? retryOf(record, order) : dropOf(record, order);
  const now = clock();
  const about = subjectOfTransaction(record, {
    correlationId: order.correlationId,
    address: 'local',
    userAgent: undefined,
  });
  const concluded = await store.conclude({
    transaction: record.id,
    state: decided.state,
    errand:
      order.decision === 'retry'
        ? { dueAt: now, attempts: 0, problem: record.errand?.problem }
        : undefined,
    holder,
    audit: auditRecord(about, {
      at: now,
      event: order.decision === 'retry' ? 'enrollment.retried' : 'enrollment.dropped',
      outcome: order.decision === 'retry' ? 'ok' : 'refused',
      actor: order.actor,
      reason: [order.reason, decided.text].filter(Boolean).join(' '),
    }),
    now,
  });
  if (!concluded) throw inWork(record);
  if (order.decision === 'drop' && record.challengeId !== undefined)
    await dependencies.challenges.confirm(record.challengeId as ChallengeId, record.id);
  return { record, text: decided.text };
}

interface Decided {
  readonly state: TransactionState;
  readonly text: string;
}

function retryOf({ state }: TransactionRecord, { resubmit = false }: OperatorDecision): Decided {
  const approver = approverOf(state);
  const again: TransactionState =
    approver === undefined ? { kind: 'authorized' } : { kind: 'approved', approver };
  if (state.kind === 'submitted') {
    return resubmit
      ? {
          state: again,
          text: `It is sent again. Request ${state.requestId} stays at ${state.issuer}: deny it there, or the device's certificate is issued twice.`,
        }
      : { state, text: `${state.issuer} is asked for request ${state.requestId} now.` };
  }
  if (state.kind === 'in-doubt' || state.kind === 'submitting') {
    return {
      state: again,
      text: `It is sent again. If ${state.issuer} had received it, there will be two certificates: revoke the one that no record here names.`,
    };
  }
  return { state, text: 'It is sent now, if a CA answers.' };
}

function dropOf({ state }: TransactionRecord, { reason }: OperatorDecision): Decided {
  const text = reason ?? 'An administrator gave the request up; enroll again with a new challenge.';
  return {
    state: { kind: 'rejected', code: 'enrollment.denied', text },
    text: `The device is refused at its next attempt and needs a new challenge. ${leftAtTheCa(state)}`.trim(),
  };
}

function leftAtTheCa(state: TransactionState): string {
  switch (state.kind) {
    case 'submitted':
      return `Deny request ${state.requestId} at ${state.issuer}: what it issues, nobody will fetch.`;
    case 'in-doubt':
    case 'submitting':
      return `If ${state.issuer} issued a certificate for it, revoke that there.`;
    default:
      return '';
  }
}

function inWork({ hold }: TransactionRecord): GatewayError {
  const until = hold === undefined ? '' : `, until ${hold.until.toISOString()} at the latest`;
  return new GatewayError('cli.not-found', `The gateway works on this request now${until}.`, {
    mend: 'Look again with: scep-gateway pending list',
  });
}
