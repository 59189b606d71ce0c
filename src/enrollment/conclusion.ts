import type { ChallengeValidator } from '../challenge/index.js';
import type { ErrorCode } from '../errors/index.js';
import type { IssuanceOutcome } from '../issuer/index.js';
import type {
  AuditRecord,
  ChallengeId,
  EnrollmentStore,
  TransactionRecord,
  TransactionState,
} from '../store/index.js';
import type { ClientContext, EnrollmentOutcome } from './enrollment.types.js';
import type { EnrollmentProfile } from './profile.js';
import { auditRecord, certificateRecord, subjectOfTransaction } from './records.js';
import { transactionText } from './transaction.js';

export interface ConclusionDependencies {
  readonly store: EnrollmentStore;
  readonly challenges: ChallengeValidator;
  readonly clock: () => Date;
}

/** A recorded transaction that waits for its answer, and who came for it. */
export interface OpenTransaction {
  readonly profile: EnrollmentProfile;
  readonly record: TransactionRecord;
  readonly client: ClientContext;
}

/**
 * Records what the issuer said, durably, before anybody hears of it.
 * @returns undefined when somebody else concluded the transaction first: theirs is the answer
 */
export async function concludeWith(
  dependencies: ConclusionDependencies,
  open: OpenTransaction,
  outcome: IssuanceOutcome,
  notes: readonly string[],
): Promise<EnrollmentOutcome | undefined> {
  switch (outcome.kind) {
    case 'issued':
      return issued(dependencies, open, outcome, notes);
    case 'refused':
      return refuse(dependencies, open, {
        event: 'enrollment.refused-by-issuer',
        code: 'issuer.refused',
        text: outcome.text,
        reason: outcome.detail,
      });
    case 'pending':
      return submitted(dependencies, open, outcome);
    case 'unavailable':
      return unavailable(dependencies, open, outcome);
  }
}

async function issued(
  dependencies: ConclusionDependencies,
  open: OpenTransaction,
  { certificate }: Extract<IssuanceOutcome, { kind: 'issued' }>,
  notes: readonly string[],
): Promise<EnrollmentOutcome | undefined> {
  const { profile, record } = open;
  const now = dependencies.clock();
  const thumbprint = certificate.thumbprints.sha256;
  const origin = {
    profile: profile.name,
    issuer: profile.issuer.name,
    transactionId: transactionText(Buffer.from(record.key.transactionId, 'hex')),
  };
  const concluded = await conclude(dependencies, open, now, {
    state: { kind: 'issued', certificate: thumbprint },
    certificate: certificateRecord(certificate, origin, now),
    audit: {
      event: 'enrollment.issued',
      outcome: 'ok',
      code: thumbprint,
      reason: [`authorized by ${groundOf(record)}`, ...notes].join('; '),
      ...(record.state.kind === 'approved' && { actor: record.state.approver }),
    },
  });
  return concluded ? { kind: 'issued', certificate, chain: profile.issuer.chain } : undefined;
}

/** A refusal is final: it is the stored answer, and it spends the challenge. */
export async function refuse(
  dependencies: ConclusionDependencies,
  open: OpenTransaction,
  refusal: {
    readonly event: string;
    readonly code: ErrorCode;
    /** For the device. */
    readonly text: string;
    /** For the audit record. */
    readonly reason: string;
  },
): Promise<EnrollmentOutcome | undefined> {
  const { event, code, text, reason } = refusal;
  const concluded = await conclude(dependencies, open, dependencies.clock(), {
    state: { kind: 'rejected', code, text },
    audit: { event, outcome: 'refused', code, reason },
  });
  return concluded ? { kind: 'rejected', code, text } : undefined;
}

/** Answer, certificate, audit record and challenge go into one commit. */
async function conclude(
  { store, challenges }: ConclusionDependencies,
  { record, client }: OpenTransaction,
  now: Date,
  conclusion: {
    readonly state: TransactionState;
    readonly certificate?: ReturnType<typeof certificateRecord>;
    readonly audit: Omit<Parameters<typeof auditRecord>[1], 'at'>;
  },
): Promise<boolean> {
  const [concluded] = await Promise.all([
    store.conclude({
      transaction: record.id,
      ...conclusion,
      audit: auditOf(record, client, { at: now, ...conclusion.audit }),
      now,
    }),
    confirmChallenge(challenges, record),
  ]);
  return concluded;
}

async function submitted(
  { store, clock }: ConclusionDependencies,
  { profile, record, client }: OpenTransaction,
  { requestId }: Extract<IssuanceOutcome, { kind: 'pending' }>,
): Promise<EnrollmentOutcome> {
  const { state } = record;
  if (state.kind !== 'submitted' || state.requestId !== requestId) {
    const now = clock();
    await store.conclude({
      transaction: record.id,
      state: { kind: 'submitted', issuer: profile.issuer.name, requestId },
      audit: auditOf(record, client, {
        at: now,
        event: 'enrollment.submitted',
        outcome: 'pending',
        code: requestId,
      }),
      now,
    });
  }
  return { kind: 'pending' };
}

/**
 * Our outage is never the device's failure. Nothing reached the CA: forget the transaction and give
 * the challenge back. Something may have: keep it, so that nothing is submitted twice.
 */
async function unavailable(
  { store, challenges, clock }: ConclusionDependencies,
  { record, client }: OpenTransaction,
  { submission, detail }: Extract<IssuanceOutcome, { kind: 'unavailable' }>,
): Promise<EnrollmentOutcome> {
  const audit = auditOf(record, client, {
    at: clock(),
    event: 'enrollment.issuer-unavailable',
    outcome: 'error',
    code: 'issuer.unavailable',
    reason: detail,
  });
  if (submission === 'none' && record.state.kind === 'authorized') {
    // In one commit: a reservation without its transaction would be lost to the device.
    await Promise.all([store.abandon(record.id, audit), releaseChallenge(challenges, record)]);
  } else {
    await store.appendAudit(audit);
  }
  return { kind: 'unavailable', retryAfterSeconds: 30 };
}

function auditOf(
  record: TransactionRecord,
  client: ClientContext,
  decision: Parameters<typeof auditRecord>[1],
): AuditRecord {
  return auditRecord(subjectOfTransaction(record, client), decision);
}

/** Spends what opened the transaction, if it was a challenge. */
export async function confirmChallenge(
  challenges: ChallengeValidator,
  record: TransactionRecord | undefined,
): Promise<void> {
  if (record?.challengeId !== undefined)
    await challenges.confirm(record.challengeId as ChallengeId, record.id);
}

async function releaseChallenge(
  challenges: ChallengeValidator,
  record: TransactionRecord,
): Promise<void> {
  if (record.challengeId !== undefined)
    await challenges.release(record.challengeId as ChallengeId, record.id);
}

/** What the transaction was authorized by, in a word. */
export function groundOf(record: TransactionRecord): string {
  const ground = JSON.parse(record.ground) as { by: string };
  return record.state.kind === 'approved' ? 'approval' : ground.by;
}
