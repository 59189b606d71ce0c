import { errorCodes, GatewayError, type ErrorCode } from '../errors/index.js';
import type { EnrollmentStore } from '../store/index.js';
import { Certificate } from '../x509/index.js';
import { authorizationFor } from './authorize.js';
import { auditOf, concludeWith, giveBack, type OpenTransaction } from './conclusion.js';
import type { EnrollmentOutcome } from './enrollment.types.js';
import { isInProcess } from './issuer-lines.js';
import { prepareRequest, type PreparedRequest } from './prepared-request.js';
import type { EnrollmentProfile } from './profile.js';
import { askAfter } from './retrieval.js';
import { submitHeld } from './submission.js';
import { tellToWait, type SubmissionDependencies } from './transition.js';

/** The answer to a recorded transaction, wherever it stands: stored, or obtained from the issuer now. */
export async function answerTransaction(
  dependencies: SubmissionDependencies,
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
      return { ...state, code: knownCode(state.code) };
    case 'submitted':
      return settle(dependencies, open, askAfter(dependencies, open));
    case 'authorized':
    case 'approved':
      if (isInProcess(profile))
        return settle(dependencies, open, issueHere(dependencies, open, prepared));
      return settle(dependencies, open, submitOrWait(dependencies, open, prepared));
    case 'submitting':
      return settle(dependencies, open, submitOrWait(dependencies, open, prepared));
    case 'in-doubt':
      return tellToWait(profile);
  }
}

/** Only who has just opened the transaction, and so holds it, sends it; else it is the backlog's. */
async function submitOrWait(
  dependencies: SubmissionDependencies,
  open: OpenTransaction,
  prepared: PreparedRequest | undefined,
): Promise<EnrollmentOutcome | undefined> {
  const isOurs = open.record.hold?.holder === dependencies.holder;
  if (prepared === undefined || !isOurs) return tellToWait(open.profile);
  return submitHeld(dependencies, open, prepared);
}

/** Asks the CA of this process. Undefined when somebody else concluded it meanwhile. */
async function issueHere(
  dependencies: SubmissionDependencies,
  open: OpenTransaction,
  prepared: PreparedRequest | undefined,
): Promise<EnrollmentOutcome | undefined> {
  const request = prepared ?? (await prepareRequest(dependencies, open));
  if (request.kind === 'concluded') return request.outcome;
  const {
    profile: { issuer },
    record,
    client,
  } = open;
  const outcome = await issuer.submit(
    { transaction: record.id, csr: request.csr, content: request.content },
    authorizationFor(record),
  );
  if (outcome.kind !== 'unavailable')
    return concludeWith(dependencies, open, issuer, outcome, request.notes);
  const decision = {
    at: dependencies.clock(),
    event: 'enrollment.issuer-unavailable',
    outcome: 'error',
    code: 'issuer.unavailable',
    reason: outcome.detail,
  } as const;
  if (record.state.kind === 'authorized') await giveBack(dependencies, open, decision);
  else await dependencies.store.appendAudit(auditOf(record, client, decision));
  return { kind: 'unavailable', retryAfterSeconds: outcome.retryAfterSeconds ?? 30 };
}

/** Where somebody else concluded it first, theirs is the answer. */
async function settle(
  dependencies: SubmissionDependencies,
  open: OpenTransaction,
  concluding: Promise<EnrollmentOutcome | undefined>,
): Promise<EnrollmentOutcome> {
  const outcome = await concluding;
  if (outcome !== undefined) return outcome;
  const { id, state } = open.record;
  const current = await dependencies.store.transaction(id);
  // Another process replaced the transaction: what was issued here was never recorded and stays here.
  if (current === undefined) return { kind: 'unavailable', retryAfterSeconds: 5 };
  if (current.state.kind !== state.kind)
    return answerTransaction(dependencies, { ...open, record: current });
  if (!isInProcess(open.profile)) return tellToWait(open.profile);
  throw new GatewayError('internal', 'The transaction could not be concluded.', { detail: id });
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
