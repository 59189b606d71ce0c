/** An enrollment on a database file that can die and come back, with a device in front of it. */
import { createChallenges, type Challenges } from '../../src/challenge/index.js';
import {
  createEnrollment,
  decideApproval,
  decideWaiting,
  type BacklogEvent,
  type EnrollmentOutcome,
  type EnrollmentProfile,
  type EnrollmentRequest,
  type EnrollmentService,
} from '../../src/enrollment/index.js';
import type { Issuer } from '../../src/issuer/index.js';
import { openSqliteStores, type Stores } from '../../src/store/index.js';
import { parseCertificationRequest, type Certificate } from '../../src/x509/index.js';
import {
  certificationRequest,
  selfSigned,
  type CertificationRequestOptions,
} from '../support/certificates.js';
import { testKey, type TestKeyName } from '../support/keys.js';
import { ScriptedIssuer } from '../support/scripted-issuer.js';
import { Life, type Fate } from './mortal.js';

export interface Installation {
  readonly stores: Stores;
  readonly issuer: ScriptedIssuer;
  readonly challenges: Challenges;
  readonly enrollment: EnrollmentService;
  readonly life: Life;
  challenge(): Promise<string>;
  approve(decision?: 'approve' | 'deny'): Promise<void>;
  /** The operator's word on the oldest that waits; the text that follows. */
  decide(decision: 'retry' | 'drop', resubmit?: boolean): Promise<string>;
}

export interface InstallationOptions {
  readonly fate?: Fate;
  readonly profile?: Partial<EnrollmentProfile>;
  readonly clock?: () => Date;
  /** A CA that outlives the process; else a new one in it. */
  readonly issuer?: ScriptedIssuer;
  /** Made anew in each process, to reach a CA; instead of `issuer`. */
  readonly reach?: (life: Life) => Promise<Issuer>;
  readonly standbys?: readonly ScriptedIssuer[];
  readonly report?: (event: BacklogEvent) => void;
  /** Without the profile `other`, which is as `default` but for its name. */
  readonly only?: boolean;
}

/** As a start of the process finds it: everything new but the file. */
export async function openInstallation(
  path: string,
  options: InstallationOptions = {},
): Promise<Installation> {
  const { fate, profile = {}, standbys = [], report = () => undefined } = options;
  const { clock = () => new Date('2026-06-01T12:00:00Z') } = options;
  const stores = await openSqliteStores(path);
  const life = new Life(fate);
  const issuer = options.issuer ?? (await ScriptedIssuer.create());
  const lasting = createChallenges({
    store: stores.challenges,
    secret: Buffer.alloc(32, 1),
    singlePasswordSecret: Buffer.alloc(32, 2),
    clock,
  });
  const challenges = life.of(lasting);
  const store = life.of(stores.enrollments);
  const usual: EnrollmentProfile = {
    name: 'default',
    issuer: life.of<Issuer>((await options.reach?.(life)) ?? issuer),
    standbys: standbys.map((standby) => life.of(standby)),
    policy,
    renewal: { allow: true, windowDays: 0, graceDays: 0, sameKey: true },
    approval: 'automatic',
    dynamicChallenges: true,
    staticChallenges: true,
    externalChallenges: false,
    openToAnyone: false,
    maxPending: 100,
    replayMillis: 3_600_000,
    crlOf: () => Promise.resolve(undefined),
    ...profile,
  };
  return {
    stores,
    issuer,
    challenges,
    life,
    enrollment: createEnrollment({
      profiles: options.only ? [usual] : [usual, { ...usual, name: 'other' }],
      store,
      challenges,
      clock,
      secret: Buffer.alloc(32, 3),
      report,
      random: () => 0.5,
    }),
    challenge: async () => {
      const outcome = await lasting.issue({
        account: 'admin',
        quota: 100,
        binding: {},
        length: 8,
        validityMinutes: 60,
        maxUses: 1,
      });
      if (outcome.kind !== 'issued') throw new Error(outcome.kind);
      return outcome.password;
    },
    approve: async (decision = 'approve') => {
      const [waiting] = await stores.enrollments.pending({});
      const order = {
        transaction: waiting?.id ?? '',
        decision,
        actor: 'alice',
        correlationId: 'CLI',
      };
      await decideApproval({ store, challenges, clock }, order);
    },
    decide: async (decision, resubmit = false) => {
      const [waiting] = await stores.enrollments.pending({});
      const { text } = await decideWaiting(
        { store, challenges, clock },
        {
          transaction: waiting?.id ?? '',
          decision,
          resubmit,
          actor: 'alice',
          correlationId: 'CLI',
        },
      );
      return text;
    },
  };
}

const policy: EnrollmentProfile['policy'] = {
  rsaBits: { min: 2048, max: 8192 },
  ecCurves: ['P-256'],
  subject: { allowEmpty: false },
  san: { types: ['dns'], required: false },
  keyUsage: ['digitalSignature', 'keyEncipherment'],
  extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'],
  extensions: [],
  unlisted: 'strip',
  sidUri: 'refuse',
  validityDays: 365,
  honourRequestedValidity: true,
};

export interface DeviceRequest extends CertificationRequestOptions {
  readonly key?: TestKeyName;
  readonly transactionId?: string;
  readonly signer?: Certificate;
  readonly intent?: EnrollmentRequest['intent'];
}

export async function deviceRequest(options: DeviceRequest = {}): Promise<EnrollmentRequest> {
  const { key = 'client', transactionId = 'T1', signer, intent = 'any', ...csr } = options;
  const subject = 'CN=device-1';
  return {
    profile: 'default',
    transactionId: Buffer.from(transactionId),
    csr: parseCertificationRequest(await certificationRequest(testKey(key), { subject, ...csr })),
    signer: signer ?? (await selfSigned(testKey(key), { subject })),
    intent,
    client: { correlationId: 'TEST', address: '192.0.2.7', userAgent: undefined },
  };
}

export function issuedCertificate(outcome: EnrollmentOutcome): Certificate {
  if (outcome.kind !== 'issued') throw new Error(`not issued: ${JSON.stringify(outcome)}`);
  return outcome.certificate;
}
