import { randomUUID } from 'node:crypto';
import type { ChallengeValidator } from '../challenge/index.js';
import { GatewayError } from '../errors/index.js';
import type { CertificateRecord, EnrollmentStore } from '../store/index.js';
import {
  Certificate,
  parseCertificationRequest,
  verifyProofOfPossession,
  type Name,
} from '../x509/index.js';
import { answerTransaction } from './answer.js';
import { checkChallenge, credentialOf } from './authorize.js';
import { createBacklog } from './backlog.js';
import { defaultBacklogSettings } from './backlog-settings.js';
import type { Backlog, BacklogEvent, BacklogSettings } from './backlog.types.js';
import { begin } from './beginning.js';
import { challengeUse } from './challenge-use.js';
import type {
  EnrollmentOutcome,
  EnrollmentRequest,
  EnrollmentService,
  PollRequest,
} from './enrollment.types.js';
import { InFlight, Turns } from './in-flight.js';
import { IssuerLines } from './issuer-lines.js';
import { answerOwner, standing, type AnsweringDependencies } from './owner-answer.js';
import { decidePolicy } from './policy.js';
import type { EnrollmentProfile } from './profile.js';
import { otherKey, refuseRequest } from './refusal.js';
import { findRenewed } from './renewal.js';
import { RequestVault } from './request-vault.js';
import { hasSameKeys, identify, isLive, turnOf, type Transaction } from './transaction.js';

export interface EnrollmentDependencies {
  readonly profiles: readonly EnrollmentProfile[];
  readonly store: EnrollmentStore;
  readonly challenges: ChallengeValidator;
  readonly clock: () => Date;
  /** 32 octets that live as long as the store; see RequestVault. */
  readonly secret: Buffer;
  readonly backlog?: BacklogSettings;
  /** What an operator should see of the work on the backlog. */
  readonly report?: (event: BacklogEvent) => void;
  readonly random?: () => number;
}

/** The decision: request → authorization → policy → issuer → recorded outcome. */
export function createEnrollment(dependencies: EnrollmentDependencies): EnrollmentService {
  return new DurableEnrollment(dependencies);
}

class DurableEnrollment implements EnrollmentService {
  readonly backlog: Backlog;
  readonly #profiles: ReadonlyMap<string, EnrollmentProfile>;
  readonly #answering: AnsweringDependencies;
  readonly #inFlight = new InFlight<EnrollmentOutcome>();

  constructor(dependencies: EnrollmentDependencies) {
    const { profiles, store, challenges, clock, secret, random = Math.random } = dependencies;
    const { backlog: settings = defaultBacklogSettings, report = () => undefined } = dependencies;
    this.#profiles = new Map(profiles.map((profile) => [profile.name, profile]));
    const failures = settings.breakerFailures;
    this.#answering = {
      store,
      challenges,
      clock,
      vault: new RequestVault(secret),
      lines: new IssuerLines(profiles, { failures, pace: settings.retry, clock, random, report }),
      settings,
      poll: settings.poll,
      random,
      holder: randomUUID(),
      report,
      turns: new Turns(),
    };
    this.backlog = createBacklog(this.#answering, this.#profiles);
  }

  async enroll(request: EnrollmentRequest): Promise<EnrollmentOutcome> {
    const profile = this.#profile(request.profile);
    if (!verifyProofOfPossession(request.csr)) {
      throw new GatewayError(
        'csr.proof-of-possession',
        'The request is not signed with its own key.',
      );
    }
    const { store, vault, turns } = this.#answering;
    const renewed = await findRenewed(request.signer, profile.name, store);
    const transaction = identify(request, renewed?.thumbprint, vault);
    return this.#inFlight.share(JSON.stringify([transaction, request.intent]), () =>
      turns.take(turnOf(transaction), () => this.#decide(profile, request, transaction, renewed)),
    );
  }

  /** In its turn: of requests with the same keys in one transaction, each finds what the one before left. */
  async #decide(
    profile: EnrollmentProfile,
    request: EnrollmentRequest,
    transaction: Transaction,
    renewed: CertificateRecord | undefined,
  ): Promise<EnrollmentOutcome> {
    const { store, clock, challenges } = this.#answering;
    const existing = await store.findTransaction(transaction.key);
    const live = existing && isLive(existing, profile.replayMillis, clock()) ? existing : undefined;
    if (live && !hasSameKeys(transaction, live)) {
      return (
        (await answerOwner(this.#answering, profile, request, transaction, live)) ??
        refuseRequest(this.#answering, request, otherKey)
      );
    }
    const answerLive = (record: NonNullable<typeof live>) =>
      answerTransaction(this.#answering, { profile, record, client: request.client });
    if (live?.requestDigest === transaction.requestDigest) return answerLive(live);

    const credential = credentialOf(request, renewed, profile, clock());
    if (credential.kind === 'none') return refuseRequest(this.#answering, request, credential);
    if (live && credential.kind === 'challenge') {
      const policy = decidePolicy(request.csr, profile.policy);
      const use = challengeUse(request, live.id, policy, profile.policy);
      const verdict = await checkChallenge(credential.password, use, profile, challenges);
      if (verdict.kind === 'held') return answerLive(live);
    }
    const replaced = existing;
    return begin(this.#answering, { profile, request, transaction, credential, replaced });
  }

  async poll(request: PollRequest): Promise<EnrollmentOutcome> {
    const { store, clock, vault, turns } = this.#answering;
    const profile = this.#profile(request.profile);
    const rows = await store.findTransactions(profile.name, request.transactionId.toString('hex'));
    const key = request.signer.publicKey.id;
    // A renewal may share the transactionID with an enrollment long since done.
    const row = rows.find(
      (each) =>
        (each.signerKey === key || each.csrKey === key) &&
        isLive(each, profile.replayMillis, clock()),
    );
    if (row === undefined) return unknownTransaction;
    return turns.take(turnOf(row), async () => {
      const record = await standing(store, row);
      if (record === undefined) return unknownTransaction;
      const { client, signer } = request;
      const outcome = await answerTransaction(this.#answering, { profile, record, client });
      if (outcome.kind !== 'issued' || signer.publicKey.kind === 'rsa') return outcome;
      const { challengePassword } = parseCertificationRequest(vault.open(record.csr));
      return { ...outcome, challengePassword };
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
    const record = await this.#answering.store.certificateBySerial((ours ?? issuer).digest, serial);
    const issuers = [profile.issuer, ...(profile.standbys ?? [])];
    if (record && issuers.some(({ name }) => name === record.issuer))
      return Certificate.fromDer(record.der);
    return profile.issuer.chain.find((ca) => ca.serial === serial && ca.issuer.matches(issuer));
  }

  currentCrl(profileName: string, issuer: Name): Promise<Buffer | undefined> {
    return this.#profile(profileName).crlOf(issuer);
  }

  #profile(name: string): EnrollmentProfile {
    const profile = this.#profiles.get(name);
    if (!profile)
      throw new GatewayError('internal', 'The profile does not exist.', { detail: name });
    return profile;
  }
}

const unknownTransaction: EnrollmentOutcome = {
  kind: 'rejected',
  code: 'scep.unknown-transaction',
  text: 'There is no such transaction for this key; send the request again.',
};
