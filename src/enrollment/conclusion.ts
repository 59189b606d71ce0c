import type { ChallengeValidator } from '../challenge/index.js';
import type { ErrorCode } from '../errors/index.js';
import type { IssuanceOutcome, Issuer } from '../issuer/index.js';
import type {
  AuditRecord,
  ChallengeId,
  EnrollmentStore,
  TransactionRecord,
  TransactionState,
} from '../store/index.js';
import type { Pace } from './backoff.js';
import type { ClientContext, EnrollmentOutcome } from './enrollment.types.js';
import type { EnrollmentProfile } from './profile.js';
import { auditRecord, certificateRecord, subjectOfTransaction } from './records.js';
import { transactionText } from './transaction.js';

export interface ConclusionDependencies {
  readonly store: EnrollmentStore;
  readonly challenges: ChallengeValidator;
  readonly clock: () => Date;
  /** How often the gateway asks after a request under submission. */
  readonly poll: Pace;
}

/** A recorded transaction that waits for its answer, and who came for it. */
export interface OpenTransaction {
  readonly profile: EnrollmentProfile;
  readonly record: TransactionRecord;
  readonly client: ClientContext;
}

/** What a CA says when it says something. */
export type CaAnswer = Exclude<IssuanceOutcome, { readonly kind: 'unavailable' }>;

/**
 * Records what the issuer said, durably, before anybody hears of it. It is recorded whoever holds the
 * transaction: the CA's word about it stands.
 * @returns undefined when somebody else concluded the transaction first: theirs is the answer
 */
export async function concludeWith(
  dependencies: ConclusionDependencies,
  open: OpenTransaction,
  issuer: Issuer,
  outcome: CaAnswer,
  notes: readonly string[],
): Promise<EnrollmentOutcome | undefined> {
  switch (outcome.kind) {
    case 'issued':
      return issued(dependencies, open, issuer, outcome, notes);
    case 'refused':
      return refuse(dependencies, open, {
        event: 'enrollment.refused-by-issuer',
        code: 'issuer.refused',
        text: outcome.text,
        reason: reasonOf(outcome),
        hresult: outcome.hresult,
      });
    case 'pending':
      return submitted(dependencies, open, issuer, outcome);
  }
}

function reasonOf({ detail, hresult }: Extract<CaAnswer, { kind: 'refused' }>): string {
  if (hresult === undefined) return detail;
  return `0x${(hresult >>> 0).toString(16).padStart(8, '0')}: ${detail}`;
}

async function issued(
  dependencies: ConclusionDependencies,
  open: OpenTransaction,
  issuer: Issuer,
  { certificate }: Extract<IssuanceOutcome, { kind: 'issued' }>,
  notes: readonly string[],
): Promise<EnrollmentOutcome | undefined> {
  const { profile, record } = open;
  const now = dependencies.clock();
  const thumbprint = certificate.thumbprints.sha256;
  const origin = {
    profile: profile.name,
    issuer: issuer.name,
    transactionId: transactionText(Buffer.from(record.key.transactionId, 'hex')),
  };
  const approver = approverOf(record.state);
  const concluded = await conclude(dependencies, open, now, {
    state: { kind: 'issued', certificate: thumbprint },
    certificate: certificateRecord(certificate, origin, now),
    audit: {
      event: 'enrollment.issued',
      outcome: 'ok',
      code: thumbprint,
      reason: [`authorized by ${groundOf(record)}`, ...notes].join('; '),
      ...(approver !== undefined && { actor: approver }),
    },
  });
  return concluded ? { kind: 'issued', certificate, chain: issuer.chain } : undefined;
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
    readonly hresult?: number | undefined;
  },
): Promise<EnrollmentOutcome | undefined> {
  const { event, code, text, reason, hresult } = refusal;
  const told = { kind: 'rejected', code, text, ...(hresult !== undefined && { hresult }) } as const;
  const concluded = await conclude(dependencies, open, dependencies.clock(), {
    state: told,
    audit: { event, outcome: 'refused', code, reason },
  });
  return concluded ? told : undefined;
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
  { store, clock, poll }: ConclusionDependencies,
  { record, client }: OpenTransaction,
  { name, identity }: Issuer,
  { requestId }: Extract<IssuanceOutcome, { kind: 'pending' }>,
): Promise<EnrollmentOutcome> {
  const { state } = record;
  if (state.kind !== 'submitted' || state.requestId !== requestId) {
    const now = clock();
    const approver = approverOf(state);
    await store.conclude({
      transaction: record.id,
      state: { kind: 'submitted', issuer: name, requestId, identity, approver },
      errand: {
        dueAt: new Date(now.getTime() + poll.firstMillis),
        attempts: 0,
        problem: undefined,
      },
      audit: auditOf(record, client, {
        at: now,
        event: 'enrollment.submitted',
        outcome: 'pending',
        code: requestId,
        reason: `by ${name}`,
      }),
      now,
    });
  }
  return { kind: 'pending' };
}

/**
 * Our outage is never the device's failure: nothing reached the CA, so forget the transaction, and then give
 * the challenge back. They may be in two databases, and what is open while its transaction stands opens
 * something else besides. What a fault in between leaves reserved is found by the same request again.
 */
export async function giveBack(
  { store, challenges }: ConclusionDependencies,
  { record, client }: Omit<OpenTransaction, 'profile'>,
  decision: Parameters<typeof auditRecord>[1],
): Promise<void> {
  const isGone = await store.abandon(record.id, auditOf(record, client, decision));
  if (isGone && record.challengeId !== undefined)
    await challenges.release(record.challengeId as ChallengeId, record.id);
}

export function auditOf(
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

/** What the transaction was authorized by, in a word. */
export function groundOf(record: TransactionRecord): string {
  const ground = JSON.parse(record.ground) as { by: string };
  return approverOf(record.state) === undefined ? ground.by : 'approval';
}

/** Who approved it, wherever it stands since then. */
export function approverOf(state: TransactionState): string | undefined {
  return 'approver' in state ? state.approver : undefined;
}
