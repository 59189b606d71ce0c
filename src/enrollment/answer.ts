import { errorCodes, GatewayError, type ErrorCode } from '../errors/index.js';
import type { IssuanceOutcome } from '../issuer/index.js';
import type { EnrollmentStore, TransactionRecord } from '../store/index.js';
import {
  Certificate,
  parseCertificationRequest,
  type CertificationRequest,
} from '../x509/index.js';
import { withAttestedSid } from './attested-sid.js';
import { authorizationFor, recordedGround } from './authorize.js';
import {
  concludeWith,
  groundOf,
  refuse,
  type ConclusionDependencies,
  type OpenTransaction,
} from './conclusion.js';
import type { EnrollmentOutcome } from './enrollment.types.js';
import { decidePolicy, type PolicyDecision } from './policy.js';
import type { EnrollmentProfile } from './profile.js';
import type { RequestVault } from './request-vault.js';
import { revokedSigner } from './renewal.js';
import { renewedThumbprint } from './transaction.js';

export interface AnswerDependencies extends ConclusionDependencies {
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
  open: OpenTransaction,
  prepared?: PreparedRequest,
): Promise<EnrollmentOutcome> {
  const { profile, record } = open;
  const { state } = record;
  switch (state.kind) {
    case 'awaiting-approval':
      return { kind: 'pending' };
    case 'issued':
      return storedCertificate(dependencies.store, profile, state.certificate);
    case 'rejected':
      return { kind: 'rejected', code: knownCode(state.code), text: state.text };
    case 'submitted': {
      const outcome = await profile.issuer.retrieve(state.requestId);
      return settle(dependencies, open, concludeWith(dependencies, open, outcome, []));
    }
    case 'authorized':
    case 'approved':
      return settle(dependencies, open, work(dependencies, open, prepared));
  }
}

/** Asks the issuer for what was authorized. Undefined when somebody else concluded it meanwhile. */
async function work(
  dependencies: AnswerDependencies,
  open: OpenTransaction,
  prepared: PreparedRequest | undefined,
): Promise<EnrollmentOutcome | undefined> {
  if (prepared === undefined && (await renewsRevoked(dependencies.store, open.record))) {
    return refuse(dependencies, open, {
      event: 'enrollment.rejected',
      code: 'renewal.refused',
      text: revokedSigner,
      reason: revokedSigner,
    });
  }
  const { csr, policy } = prepared ?? reopen(dependencies.vault, open);
  if (policy.kind === 'refused') {
    // The policy was tightened while the request waited.
    const { code, text } = policy.refusal;
    const refused: IssuanceOutcome = { kind: 'refused', text, detail: `${code}: ${text}` };
    return concludeWith(dependencies, open, refused, []);
  }
  const { profile, record } = open;
  const outcome = await profile.issuer.submit(
    { transaction: record.id, csr, content: policy.content },
    authorizationFor(record),
  );
  return concludeWith(dependencies, open, outcome, policy.notes);
}

/** Authorized once, interrupted, and revoked before anybody came back for it. */
async function renewsRevoked(store: EnrollmentStore, record: TransactionRecord): Promise<boolean> {
  const renewed = renewedThumbprint(record);
  if (renewed === undefined || groundOf(record) !== 'renewal') return false;
  return (await store.certificate(renewed))?.revokedAt !== undefined;
}

function reopen(vault: RequestVault, { profile, record }: OpenTransaction): PreparedRequest {
  const csr = parseCertificationRequest(vault.open(record.csr));
  const policy = decidePolicy(csr, profile.policy);
  return { csr, policy: withAttestedSid(policy, recordedGround(record)) };
}

/** Where somebody else concluded it first, theirs is the answer. */
async function settle(
  dependencies: AnswerDependencies,
  open: OpenTransaction,
  concluding: Promise<EnrollmentOutcome | undefined>,
): Promise<EnrollmentOutcome> {
  const outcome = await concluding;
  if (outcome !== undefined) return outcome;
  const { id, state } = open.record;
  const current = await dependencies.store.transaction(id);
  // Another process replaced the transaction: what was issued here was never recorded and stays here.
  if (current === undefined) return { kind: 'unavailable', retryAfterSeconds: 5 };
  if (current.state.kind === state.kind) {
    throw new GatewayError('internal', 'The transaction could not be concluded.', { detail: id });
  }
  return answerTransaction(dependencies, { ...open, record: current });
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

function knownCode(code: string): ErrorCode {
  return code in errorCodes ? (code as ErrorCode) : 'enrollment.denied';
}
