import type { ChallengeUse, ChallengeValidator, ChallengeVerdict } from '../challenge/index.js';
import { GatewayError, type ErrorCode } from '../errors/index.js';
import type { AuthorizationGround } from '../issuer/index.js';
import type { CertificateRecord, EnrollmentStore, TransactionRecord } from '../store/index.js';
import {
  Certificate,
  parseCertificationRequest,
  verifyProofOfPossession,
  type Name,
} from '../x509/index.js';
import { withAttestedSid } from './attested-sid.js';
import { answerTransaction, type AnswerDependencies, type PreparedRequest } from './answer.js';
import { challengeRefusal, checkChallenge, credentialOf, type Credential } from './authorize.js';
import { confirmChallenge } from './conclusion.js';
import type {
  Enrollment,
  EnrollmentOutcome,
  EnrollmentRequest,
  PollRequest,
} from './enrollment.types.js';
import { InFlight, Turns } from './in-flight.js';
import { decidePolicy, type PolicyDecision } from './policy.js';
import { readableSanTexts } from './policy-san.js';
import type { EnrollmentProfile } from './profile.js';
import { auditRecord, subjectOfRequest } from './records.js';
import { findRenewed } from './renewal.js';
import { RequestVault } from './request-vault.js';
import {
  hasSameKeys,
  identify,
  isLive,
  rowId,
  transactionText,
  turnOf,
  type Transaction,
} from './transaction.js';

export interface EnrollmentDependencies {
  readonly profiles: readonly EnrollmentProfile[];
  readonly store: EnrollmentStore;
  readonly challenges: ChallengeValidator;
  readonly clock: () => Date;
  /** 32 octets that live as long as the store; see RequestVault. */
  readonly secret: Buffer;
}

/** The decision: request → authorization → policy → issuer → recorded outcome. */
export function createEnrollment(dependencies: EnrollmentDependencies): Enrollment {
  return new DurableEnrollment(dependencies);
}

class DurableEnrollment implements Enrollment {
  readonly #profiles: ReadonlyMap<string, EnrollmentProfile>;
  readonly #store: EnrollmentStore;
  readonly #challenges: ChallengeValidator;
  readonly #clock: () => Date;
  readonly #vault: RequestVault;
  readonly #answering: AnswerDependencies;
  readonly #inFlight = new InFlight<EnrollmentOutcome>();
  readonly #turns = new Turns();

  constructor({ profiles, store, challenges, clock, secret }: EnrollmentDependencies) {
    this.#profiles = new Map(profiles.map((profile) => [profile.name, profile]));
    this.#store = store;
    this.#challenges = challenges;
    this.#clock = clock;
    this.#vault = new RequestVault(secret);
    this.#answering = { store, challenges, clock, vault: this.#vault };
  }

  async enroll(request: EnrollmentRequest): Promise<EnrollmentOutcome> {
    const profile = this.#profile(request.profile);
    if (!verifyProofOfPossession(request.csr)) {
      throw new GatewayError(
        'csr.proof-of-possession',
        'The request is not signed with its own key.',
      );
    }
    const renewed = await findRenewed(request.signer, profile.name, this.#store);
    const transaction = identify(request, renewed?.thumbprint, this.#vault);
    return this.#inFlight.share(JSON.stringify([transaction, request.intent]), () =>
      this.#turns.take(turnOf(transaction), () =>
        this.#decide(profile, request, transaction, renewed),
      ),
    );
  }

  /** In its turn: of requests with the same keys in one transaction, each finds what the one before left. */
  async #decide(
    profile: EnrollmentProfile,
    request: EnrollmentRequest,
    transaction: Transaction,
    renewed: CertificateRecord | undefined,
  ): Promise<EnrollmentOutcome> {
    const existing = await this.#store.findTransaction(transaction.key);
    const live =
      existing && isLive(existing, profile.replayMillis, this.#clock()) ? existing : undefined;
    if (live && !hasSameKeys(transaction, live)) {
      return (
        (await this.#answerOwner(profile, request, transaction, live)) ??
        this.#refuse(request, ...otherKey)
      );
    }
    if (live?.requestDigest === transaction.requestDigest)
      return this.#answer(profile, live, request);

    const credential = credentialOf(request, renewed, profile, this.#clock());
    if (credential.kind === 'none') return this.#refuse(request, credential.code, credential.text);
    if (
      live &&
      credential.kind === 'challenge' &&
      (await this.#isHeldBy(live, credential.password, request, profile))
    ) {
      return this.#answer(profile, live, request);
    }
    return this.#begin(profile, request, transaction, credential, existing);
  }

  /** A request that no stored answer serves: check everything, reserve, record, and only then ask the issuer. */
  async #begin(
    profile: EnrollmentProfile,
    request: EnrollmentRequest,
    transaction: Transaction,
    credential: Exclude<Credential, { kind: 'none' }>,
    replaced: TransactionRecord | undefined,
  ): Promise<EnrollmentOutcome> {
    const id = rowId(transaction, replaced?.id);
    const policy = decidePolicy(request.csr, profile.policy);
    const use = this.#challengeUse(request, id, policy);

    if (credential.kind === 'challenge') {
      const verdict = await checkChallenge(credential.password, use, profile, this.#challenges);
      if (verdict.kind === 'refused')
        return this.#answerSpent(profile, request, transaction, verdict);
      if (verdict.kind === 'unavailable') return this.#unavailable(request, verdict);
    }
    if (policy.kind === 'refused')
      return this.#refuse(request, policy.refusal.code, policy.refusal.text);
    const waits = profile.approval === 'manual' && !isRenewal(credential);
    if (waits && (await this.#store.countPending(profile.name)) >= profile.maxPending) {
      throw new GatewayError('enrollment.pending-limit', 'Too many requests wait for approval.');
    }

    const held =
      credential.kind === 'challenge'
        ? await this.#challenges.reserve(credential.password, use)
        : undefined;
    if (held?.kind === 'refused') return this.#answerSpent(profile, request, transaction, held);
    if (held?.kind === 'unavailable') return this.#unavailable(request, held);
    const ground: AuthorizationGround =
      credential.kind === 'ground'
        ? credential.ground
        : { by: 'challenge', challengeId: held?.id ?? '', account: held?.account, sid: held?.sid };

    const now = this.#clock();
    const record: TransactionRecord = {
      ...transaction,
      id,
      csr: this.#vault.seal(request.csr.der),
      ground: JSON.stringify(ground),
      challengeId: held?.id,
      subject: request.csr.subject.text,
      clientAddress: request.client.address,
      state: waits ? { kind: 'awaiting-approval' } : { kind: 'authorized' },
      createdAt: now,
      updatedAt: now,
    };
    const audit = waits
      ? auditRecord(subjectOfRequest(request, held?.id), {
          at: now,
          event: 'enrollment.awaiting-approval',
          outcome: 'pending',
        })
      : undefined;
    const [opened] = await Promise.all([
      this.#store.open(record, audit, replaced?.id),
      // What opened the replaced transaction opens nothing else: for good, whatever comes of this one.
      confirmChallenge(this.#challenges, replaced),
    ]);
    if (held && opened.challengeId !== held.id) await this.#challenges.release(held.id, id);
    if (opened.id !== id && !hasSameKeys(transaction, opened))
      return this.#refuse(request, ...otherKey);
    // The row may be an older one with other content: what was approved then is what counts.
    const isThisRequest = opened.requestDigest === transaction.requestDigest;
    return this.#answer(
      profile,
      opened,
      request,
      isThisRequest ? { csr: request.csr, policy: withAttestedSid(policy, ground) } : undefined,
    );
  }

  async poll(request: PollRequest): Promise<EnrollmentOutcome> {
    const profile = this.#profile(request.profile);
    const rows = await this.#store.findTransactions(
      profile.name,
      request.transactionId.toString('hex'),
    );
    const key = request.signer.publicKey.id;
    // A renewal may share the transactionID with an enrollment long since done.
    const row = rows.find(
      (each) =>
        (each.signerKey === key || each.csrKey === key) &&
        isLive(each, profile.replayMillis, this.#clock()),
    );
    if (row === undefined) return unknownTransaction;
    return this.#turns.take(turnOf(row), async () => {
      const current = await this.#standing(row);
      if (current === undefined) return unknownTransaction;
      const outcome = await this.#answer(profile, current, request);
      if (outcome.kind !== 'issued' || request.signer.publicKey.kind === 'rsa') return outcome;
      const { challengePassword } = parseCertificationRequest(this.#vault.open(current.csr));
      return { ...outcome, challengePassword };
    });
  }

  /** The row as it is now; undefined when another transaction has taken its place. */
  async #standing(row: TransactionRecord): Promise<TransactionRecord | undefined> {
    const current = await this.#store.findTransaction(row.key);
    return current && hasSameKeys(row, current) ? current : undefined;
  }

  /**
   * Anyone on the wire can put a captured envelope into a message of his own and be first: the certificate
   * is for a key he has not, but the one-time challenge is spent. So whoever holds the requested key gets
   * what became of this very request, whoever brought it. Undefined where that does not apply.
   *
   * He waits for the stranger's turn within his own; a stranger waits for nobody's, so there is no circle.
   */
  async #answerOwner(
    profile: EnrollmentProfile,
    request: EnrollmentRequest,
    { requestDigest }: Transaction,
    brought: TransactionRecord,
  ): Promise<EnrollmentOutcome | undefined> {
    const isOwner = request.signer.publicKey.id === request.csr.publicKey.id;
    const isStrangers = brought.signerKey !== brought.csrKey;
    if (!isOwner || !isStrangers || brought.requestDigest !== requestDigest) return undefined;
    return this.#turns.take(turnOf(brought), async () => {
      const current = await this.#standing(brought);
      const isLiveNow = current && isLive(current, profile.replayMillis, this.#clock());
      if (!isLiveNow || current.requestDigest !== requestDigest) return undefined;
      return this.#answer(profile, current, request);
    });
  }

  async findCertificate(
    profileName: string,
    issuer: Name,
    serial: string,
  ): Promise<Certificate | undefined> {
    const profile = this.#profile(profileName);
    // Records go by the octets of the name, and clients write it in string types of their own (jscep).
    const ours = profile.issuer.chain.find(({ subject }) => subject.matches(issuer))?.subject;
    const record = await this.#store.certificateBySerial((ours ?? issuer).digest, serial);
    if (record?.issuer === profile.issuer.name) return Certificate.fromDer(record.der);
    return profile.issuer.chain.find((ca) => ca.serial === serial && ca.issuer.matches(issuer));
  }

  currentCrl(profileName: string, issuer: Name): Promise<Buffer | undefined> {
    return this.#profile(profileName).crlOf(issuer);
  }

  #answer(
    profile: EnrollmentProfile,
    record: TransactionRecord,
    request: Pick<EnrollmentRequest, 'client'>,
    prepared?: PreparedRequest,
  ): Promise<EnrollmentOutcome> {
    return answerTransaction(
      this.#answering,
      { profile, record, client: request.client },
      prepared,
    );
  }

  async #isHeldBy(
    record: TransactionRecord,
    password: string,
    request: EnrollmentRequest,
    profile: EnrollmentProfile,
  ): Promise<boolean> {
    const use = this.#challengeUse(request, record.id, decidePolicy(request.csr, profile.policy));
    return (await checkChallenge(password, use, profile, this.#challenges)).kind === 'held';
  }

  #challengeUse(
    request: EnrollmentRequest,
    transaction: string,
    policy: PolicyDecision,
  ): ChallengeUse {
    return {
      profile: request.profile,
      subject: request.csr.subject.text,
      san: policy.kind === 'granted' ? policy.san : readableSanTexts(request.csr),
      keyId: request.csr.publicKey.id,
      address: request.client.address,
      transaction,
      request: {
        transactionId: transactionText(request.transactionId),
        csr: request.csr.der,
        commonName: request.csr.subject.values('CN')[0],
      },
    };
  }

  /** The challenge opens nothing for this request; what a stranger opened with it may be the owner's. */
  async #answerSpent(
    profile: EnrollmentProfile,
    request: EnrollmentRequest,
    transaction: Transaction,
    verdict: RefusedChallenge,
  ): Promise<EnrollmentOutcome> {
    const brought =
      verdict.id &&
      (await this.#store.findByChallenge(profile.name, verdict.id, transaction.requestDigest));
    return (
      (brought && (await this.#answerOwner(profile, request, transaction, brought))) ??
      this.#refuseChallenge(request, verdict)
    );
  }

  /** Fails closed, and not as the device's fault: it comes again, and the validator is asked again. */
  async #unavailable(
    request: EnrollmentRequest,
    { detail, retryAfterSeconds }: Extract<ChallengeVerdict, { readonly kind: 'unavailable' }>,
  ): Promise<EnrollmentOutcome> {
    const decision = {
      at: this.#clock(),
      event: 'enrollment.validator-unavailable',
      outcome: 'error' as const,
      code: 'challenge.unavailable',
      reason: detail,
    };
    await this.#store.appendAudit(auditRecord(subjectOfRequest(request), decision));
    return { kind: 'unavailable', retryAfterSeconds };
  }

  #refuseChallenge(
    request: EnrollmentRequest,
    verdict: RefusedChallenge,
  ): Promise<EnrollmentOutcome> {
    const reason = [`challenge ${verdict.reason}`, verdict.detail].filter(Boolean).join(': ');
    return this.#refuse(request, 'challenge.refused', challengeRefusal, reason, verdict.id);
  }

  async #refuse(
    request: EnrollmentRequest,
    code: ErrorCode,
    text: string,
    reason = text,
    challengeId?: string,
  ): Promise<EnrollmentOutcome> {
    const decision = {
      at: this.#clock(),
      event: 'enrollment.rejected',
      outcome: 'refused' as const,
      code,
      reason,
    };
    await this.#store.appendAudit(auditRecord(subjectOfRequest(request, challengeId), decision));
    return { kind: 'rejected', code, text };
  }

  #profile(name: string): EnrollmentProfile {
    const profile = this.#profiles.get(name);
    if (!profile)
      throw new GatewayError('internal', 'The profile does not exist.', { detail: name });
    return profile;
  }
}

type RefusedChallenge = Extract<ChallengeVerdict, { readonly kind: 'refused' }>;

/** A renewal of a certificate that somebody approved is not approved again. */
function isRenewal(credential: Credential): boolean {
  return credential.kind === 'ground' && credential.ground.by === 'renewal';
}

const unknownTransaction: EnrollmentOutcome = {
  kind: 'rejected',
  code: 'scep.unknown-transaction',
  text: 'There is no such transaction for this key; send the request again.',
};

const otherKey: [ErrorCode, string] = [
  'scep.transaction-key',
  'This transactionID belongs to a request with another key; start a new transaction.',
];
