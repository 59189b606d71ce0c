import type { ChallengeVerdict } from '../challenge/index.js';
import { GatewayError } from '../errors/index.js';
import type { AuthorizationGround } from '../issuer/index.js';
import type { Durability, TransactionRecord, TransactionState } from '../store/index.js';
import { answerTransaction } from './answer.js';
import { withAttested } from './attested-content.js';
import { checkChallenge, type Credential } from './authorize.js';
import { challengeUse } from './challenge-use.js';
import { confirmChallenge } from './conclusion.js';
import type { EnrollmentOutcome, EnrollmentRequest } from './enrollment.types.js';
import { isInProcess } from './issuer-lines.js';
import { openingAudit } from './opening-audit.js';
import { answerSpent, type AnsweringDependencies } from './owner-answer.js';
import { decidePolicy } from './policy.js';
import { preparedRequest } from './prepared-request.js';
import type { EnrollmentProfile } from './profile.js';
import { auditRecord, subjectOfRequest } from './records.js';
import { otherKey, refuseRequest } from './refusal.js';
import { retryAfterSeconds } from './submission.js';
import { hasSameKeys, rowId, type Transaction } from './transaction.js';
import { newHold } from './transition.js';

/** A request that no stored answer serves. */
export interface NewRequest {
  readonly profile: EnrollmentProfile;
  readonly request: EnrollmentRequest;
  readonly transaction: Transaction;
  readonly credential: Exclude<Credential, { readonly kind: 'none' }>;
  /** The finished or given-up transaction whose place it takes. */
  readonly replaced: TransactionRecord | undefined;
}

/** Checks everything, reserves, records, and only then asks the issuer. */
export async function begin(
  dependencies: AnsweringDependencies,
  { profile, request, transaction, credential, replaced }: NewRequest,
): Promise<EnrollmentOutcome> {
  const { store, challenges, clock, vault } = dependencies;
  const id = rowId(transaction, replaced?.id);
  const policy = decidePolicy(request.csr, profile.policy);
  const use = challengeUse(request, id, policy, profile.policy);

  if (credential.kind === 'challenge') {
    const verdict = await checkChallenge(credential.password, use, profile, challenges);
    if (verdict.kind === 'refused')
      return answerSpent(dependencies, profile, request, transaction, verdict);
    if (verdict.kind === 'unavailable') return comeAgain(dependencies, request, verdict);
  }
  if (policy.kind === 'refused') return refuseRequest(dependencies, request, policy.refusal);
  const beginning = await beginningOf(dependencies, profile, credential, replaced);
  if (beginning.kind === 'come-again') return beginning.outcome;

  const held =
    credential.kind === 'challenge'
      ? await challenges.reserve(credential.password, use)
      : undefined;
  if (held?.kind === 'refused')
    return answerSpent(dependencies, profile, request, transaction, held);
  if (held?.kind === 'unavailable') return comeAgain(dependencies, request, held);
  const ground: AuthorizationGround =
    credential.kind === 'ground'
      ? credential.ground
      : {
          by: 'challenge',
          challengeId: held?.id ?? '',
          account: held?.account,
          sid: held?.sid,
          san: held?.san,
        };

  const granted = withAttested(policy, ground, profile.policy);
  if (granted.kind === 'refused') {
    if (held) await challenges.release(held.id, id);
    return refuseRequest(dependencies, request, granted.refusal);
  }

  const now = clock();
  const record: TransactionRecord = {
    ...transaction,
    id,
    csr: vault.seal(request.csr.der),
    ground: JSON.stringify(ground),
    challengeId: held?.id,
    subject: request.csr.subject.text,
    clientAddress: request.client.address,
    ...workOf(dependencies, profile, beginning.state),
    createdAt: now,
    updatedAt: now,
  };
  const audit = openingAudit(request, record, replaced);
  // What opened the replaced transaction opens nothing else: for good, whatever comes of this one. Before
  // its row goes: without one a reservation is given back in the end, and the database may be another.
  await confirmChallenge(challenges, replaced);
  const durability = durabilityOf(profile, beginning.state);
  const opened = await store.open(record, audit, replaced?.id, durability);
  if (held && opened.challengeId !== held.id) await challenges.release(held.id, id);
  if (opened.id !== id && !hasSameKeys(transaction, opened))
    return refuseRequest(dependencies, request, otherKey);
  // The row may be an older one with other content: what was approved then is what counts.
  const isThisRequest = opened.requestDigest === transaction.requestDigest;
  return answerTransaction(
    dependencies,
    { profile, record: opened, client: request.client },
    isThisRequest ? preparedRequest(request.csr, granted) : undefined,
  );
}

/** Fails closed, and not as the device's fault: it comes again, and the validator is asked again. */
async function comeAgain(
  { store, clock }: AnsweringDependencies,
  request: EnrollmentRequest,
  { detail, retryAfterSeconds }: Extract<ChallengeVerdict, { readonly kind: 'unavailable' }>,
): Promise<EnrollmentOutcome> {
  const decision = {
    at: clock(),
    event: 'enrollment.validator-unavailable',
    outcome: 'error' as const,
    code: 'challenge.unavailable',
    reason: detail,
  };
  await store.appendAudit(auditRecord(subjectOfRequest(request), decision));
  return { kind: 'unavailable', retryAfterSeconds };
}

type Beginning =
  | { readonly kind: 'open'; readonly state: TransactionState }
  | { readonly kind: 'come-again'; readonly outcome: EnrollmentOutcome };

/** Where a transaction of this profile begins. Nothing is reserved for what could not be kept. */
async function beginningOf(
  dependencies: AnsweringDependencies,
  profile: EnrollmentProfile,
  credential: Credential,
  replaced: TransactionRecord | undefined,
): Promise<Beginning> {
  if (replaced?.state.kind === 'submitting' && isHeld(replaced, dependencies.clock())) {
    // Its request is on its way: what becomes of it has to be written down first.
    return { kind: 'come-again', outcome: { kind: 'unavailable', retryAfterSeconds: 30 } };
  }
  if (profile.approval === 'manual' && !isRenewal(credential)) {
    await requireRoom(dependencies, profile);
    return { kind: 'open', state: { kind: 'awaiting-approval' } };
  }
  if (isInProcess(profile)) return { kind: 'open', state: { kind: 'authorized' } };
  const ready = dependencies.lines.of(profile).find((line) => line.capacity(1) > 0);
  if (ready) {
    // It may take this one under submission, as it did the others.
    await requireRoom(dependencies, profile);
    return { kind: 'open', state: { kind: 'submitting', issuer: ready.name } };
  }
  if (profile.outage === 'retry-later') {
    const seconds = retryAfterSeconds(dependencies, profile);
    return { kind: 'come-again', outcome: { kind: 'unavailable', retryAfterSeconds: seconds } };
  }
  await requireRoom(dependencies, profile);
  return { kind: 'open', state: { kind: 'authorized' } };
}

function isHeld({ hold }: TransactionRecord, now: Date): boolean {
  return hold !== undefined && hold.until > now;
}

async function requireRoom(
  { store }: AnsweringDependencies,
  { name, maxPending }: EnrollmentProfile,
): Promise<void> {
  if ((await store.countPending(name)) < maxPending) return;
  throw new GatewayError('enrollment.pending-limit', 'Too many requests of this profile wait.');
}

/**
 * What is sent at once is recorded as being sent, in the commit that opens it, and held while it is. What
 * no CA takes now is the backlog's from the beginning.
 */
function workOf(
  dependencies: AnsweringDependencies,
  profile: EnrollmentProfile,
  state: TransactionState,
): Pick<TransactionRecord, 'state' | 'errand' | 'hold'> {
  if (state.kind === 'submitting') {
    const hold = newHold(dependencies);
    return { state, hold, errand: { dueAt: hold.until, attempts: 0, problem: undefined } };
  }
  if (state.kind !== 'authorized' || isInProcess(profile)) return { state };
  const problem = dependencies.lines.of(profile)[0]?.health.problem;
  return { state, errand: { dueAt: dependencies.clock(), attempts: 0, problem } };
}

/** Where the CA of this process is asked next, nobody hears of the transaction before its conclusion. */
function durabilityOf(profile: EnrollmentProfile, { kind }: TransactionState): Durability {
  return kind === 'authorized' && isInProcess(profile) ? 'later' : 'now';
}

/** A renewal of a certificate that somebody approved is not approved again. */
function isRenewal(credential: Credential): boolean {
  return credential.kind === 'ground' && credential.ground.by === 'renewal';
}
