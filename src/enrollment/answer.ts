import type { Challenges } from '../challenge/index.js';
import { errorCodes, GatewayError, type ErrorCode } from '../errors/index.js';
import type { IssuanceOutcome } from '../issuer/index.js';
import type { ChallengeId, EnrollmentStore, TransactionRecord } from '../store/index.js';
import {
  Certificate,
  parseCertificationRequest,
  type CertificationRequest,
} from '../x509/index.js';
import { authorizationFor } from './authorize.js';
import type { ClientContext, EnrollmentOutcome } from './enrollment.types.js';
import { decidePolicy, type PolicyDecision } from './policy.js';
import type { EnrollmentProfile } from './profile.js';
import { auditRecord, certificateRecord, subjectOfTransaction } from './records.js';
import type { RequestVault } from './request-vault.js';
import { revokedSigner } from './renewal.js';
import { renewedThumbprint, transactionText } from './transaction.js';

export interface AnswerDependencies {
  readonly store: EnrollmentStore;
  readonly challenges: Challenges;
  readonly clock: () => Date;
  readonly vault: RequestVault;
}

/** The CSR of the record and what policy makes of it, where the caller has them at hand. */
export interface PreparedRequest {
  readonly csr: CertificationRequest;
  readonly policy: PolicyDecision;
}

/** The answer to a recorded transaction, wherever it stands: stored, or obtained from the issuer now. */
export async function answerTransaction(
  dependencies: AnswerDependencies,
  profile: EnrollmentProfile,
  record: TransactionRecord,
  client: ClientContext,
  prepared?: PreparedRequest,
): Promise<EnrollmentOutcome> {
  const { state } = record;
  switch (state.kind) {
    case 'awaiting-approval':
      return { kind: 'pending' };
    case 'issued':
      return storedCertificate(dependencies.store, profile, state.certificate);
    case 'rejected':
      return { kind: 'rejected', code: knownCode(state.code), text: state.text };
    case 'submitted':
      return conclude(
        dependencies,
        profile,
        record,
        client,
        await profile.issuer.retrieve(state.requestId),
        [],
      );
    case 'authorized':
    case 'approved':
      if (prepared === undefined && (await renewsRevoked(dependencies.store, record)))
        return withdraw(dependencies, profile, record, client);
      return submit(
        dependencies,
        profile,
        record,
        client,
        prepared ?? reopen(dependencies, profile, record),
      );
  }
}

/** Authorized once, interrupted, and revoked before anybody came back for it. */
async function renewsRevoked(store: EnrollmentStore, record: TransactionRecord): Promise<boolean> {
  const renewed = renewedThumbprint(record);
  if (renewed === undefined || groundOf(record) !== 'renewal') return false;
  return (await store.certificate(renewed))?.revokedAt !== undefined;
}

async function withdraw(
  dependencies: AnswerDependencies,
  profile: EnrollmentProfile,
  record: TransactionRecord,
  client: ClientContext,
): Promise<EnrollmentOutcome> {
  const now = dependencies.clock();
  const code = 'renewal.refused';
  const text = revokedSigner;
  const concluded = await dependencies.store.conclude({
    transaction: record.id,
    state: { kind: 'rejected', code, text },
    audit: auditRecord(subjectOfTransaction(record, client), {
      at: now,
      event: 'enrollment.rejected',
      outcome: 'refused',
      code,
      reason: text,
    }),
    now,
  });
  return concluded
    ? { kind: 'rejected', code, text }
    : answerAgain(dependencies, profile, record, client);
}

function reopen(
  { vault }: AnswerDependencies,
  profile: EnrollmentProfile,
  record: TransactionRecord,
): PreparedRequest {
  const csr = parseCertificationRequest(vault.open(record.csr));
  return { csr, policy: decidePolicy(csr, profile.policy) };
}

async function submit(
  dependencies: AnswerDependencies,
  profile: EnrollmentProfile,
  record: TransactionRecord,
  client: ClientContext,
  { csr, policy }: PreparedRequest,
): Promise<EnrollmentOutcome> {
  if (policy.kind === 'refused') {
    // The policy was tightened while the request waited.
    const { code, text } = policy.refusal;
    return conclude(
      dependencies,
      profile,
      record,
      client,
      { kind: 'refused', text, detail: `${code}: ${text}` },
      [],
    );
  }
  const outcome = await profile.issuer.submit(
    { transaction: record.id, csr, content: policy.content },
    authorizationFor(record),
  );
  return conclude(dependencies, profile, record, client, outcome, policy.notes);
}

/** Records what the issuer said, durably, before anybody hears of it. */
async function conclude(
  dependencies: AnswerDependencies,
  profile: EnrollmentProfile,
  record: TransactionRecord,
  client: ClientContext,
  outcome: IssuanceOutcome,
  notes: readonly string[],
): Promise<EnrollmentOutcome> {
  const { store, clock } = dependencies;
  const now = clock();
  const about = subjectOfTransaction(record, client);
  const approver = record.state.kind === 'approved' ? { actor: record.state.approver } : {};
  switch (outcome.kind) {
    case 'issued': {
      const { certificate } = outcome;
      const thumbprint = certificate.thumbprints.sha256;
      const concluded = await Promise.all([
        store.conclude({
          transaction: record.id,
          state: { kind: 'issued', certificate: thumbprint },
          certificate: certificateRecord(
            certificate,
            {
              profile: profile.name,
              issuer: profile.issuer.name,
              transactionId: transactionText(Buffer.from(record.key.transactionId, 'hex')),
            },
            now,
          ),
          audit: auditRecord(about, {
            at: now,
            event: 'enrollment.issued',
            outcome: 'ok',
            code: thumbprint,
            reason: [`authorized by ${groundOf(record)}`, ...notes].join('; '),
            ...approver,
          }),
          now,
        }),
        confirmChallenge(dependencies.challenges, record),
      ]);
      return concluded[0]
        ? { kind: 'issued', certificate, chain: profile.issuer.chain }
        : answerAgain(dependencies, profile, record, client);
    }
    case 'refused': {
      const [concluded] = await Promise.all([
        store.conclude({
          transaction: record.id,
          state: { kind: 'rejected', code: 'issuer.refused', text: outcome.text },
          audit: auditRecord(about, {
            at: now,
            event: 'enrollment.refused-by-issuer',
            outcome: 'refused',
            code: 'issuer.refused',
            reason: outcome.detail,
          }),
          now,
        }),
        confirmChallenge(dependencies.challenges, record),
      ]);
      return concluded
        ? { kind: 'rejected', code: 'issuer.refused', text: outcome.text }
        : answerAgain(dependencies, profile, record, client);
    }
    case 'pending':
      if (record.state.kind !== 'submitted' || record.state.requestId !== outcome.requestId) {
        await store.conclude({
          transaction: record.id,
          state: { kind: 'submitted', issuer: profile.issuer.name, requestId: outcome.requestId },
          audit: auditRecord(about, {
            at: now,
            event: 'enrollment.submitted',
            outcome: 'pending',
            code: outcome.requestId,
          }),
          now,
        });
      }
      return { kind: 'pending' };
    case 'unavailable':
      return issuerUnavailable(dependencies, record, about, outcome, now);
  }
}

/**
 * Our outage is never the device's failure. Nothing reached the CA: forget the transaction and give
 * the challenge back. Something may have: keep it, so that nothing is submitted twice.
 */
async function issuerUnavailable(
  { store, challenges }: AnswerDependencies,
  record: TransactionRecord,
  about: ReturnType<typeof subjectOfTransaction>,
  outcome: Extract<IssuanceOutcome, { kind: 'unavailable' }>,
  now: Date,
): Promise<EnrollmentOutcome> {
  const audit = auditRecord(about, {
    at: now,
    event: 'enrollment.issuer-unavailable',
    outcome: 'error',
    code: 'issuer.unavailable',
    reason: outcome.detail,
  });
  if (outcome.submission === 'none' && record.state.kind === 'authorized') {
    // In one commit: a reservation without its transaction would be lost to the device.
    await Promise.all([store.abandon(record.id, audit), releaseChallenge(challenges, record)]);
  } else {
    await store.appendAudit(audit);
  }
  return { kind: 'unavailable', retryAfterSeconds: 30 };
}

/** Somebody else concluded it first: theirs is the answer. */
async function answerAgain(
  dependencies: AnswerDependencies,
  profile: EnrollmentProfile,
  record: TransactionRecord,
  client: ClientContext,
): Promise<EnrollmentOutcome> {
  const current = await dependencies.store.transaction(record.id);
  // Another process replaced the transaction: what was issued here was never recorded and stays here.
  if (current === undefined) return { kind: 'unavailable', retryAfterSeconds: 5 };
  if (current.state.kind === record.state.kind) {
    throw new GatewayError('internal', 'The transaction could not be concluded.', {
      detail: record.id,
    });
  }
  return answerTransaction(dependencies, profile, current, client);
}

async function storedCertificate(
  store: EnrollmentStore,
  profile: EnrollmentProfile,
  thumbprint: string,
): Promise<EnrollmentOutcome> {
  const stored = await store.certificate(thumbprint);
  if (stored === undefined)
    throw new GatewayError('internal', 'A recorded certificate is missing.', {
      detail: thumbprint,
    });
  if (stored.revokedAt) {
    return {
      kind: 'rejected',
      code: 'enrollment.denied',
      text: 'The certificate of this transaction was revoked.',
    };
  }
  return {
    kind: 'issued',
    certificate: Certificate.fromDer(stored.der),
    chain: profile.issuer.chain,
  };
}

/** Spends what opened the transaction, if it was a challenge. */
export async function confirmChallenge(
  challenges: Challenges,
  record: TransactionRecord | undefined,
): Promise<void> {
  if (record?.challengeId !== undefined)
    await challenges.confirm(record.challengeId as ChallengeId, record.id);
}

async function releaseChallenge(challenges: Challenges, record: TransactionRecord): Promise<void> {
  if (record.challengeId !== undefined)
    await challenges.release(record.challengeId as ChallengeId, record.id);
}

function groundOf(record: TransactionRecord): string {
  const ground = JSON.parse(record.ground) as { by: string };
  return record.state.kind === 'approved' ? 'approval' : ground.by;
}

function knownCode(code: string): ErrorCode {
  return code in errorCodes ? (code as ErrorCode) : 'enrollment.denied';
}
