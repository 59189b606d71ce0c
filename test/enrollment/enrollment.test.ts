import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { der } from '../../src/asn1/index.js';
import { createChallenges, type Challenges } from '../../src/challenge/index.js';
import {
  createEnrollment,
  decideApproval,
  type Enrollment,
  type EnrollmentOutcome,
  type EnrollmentProfile,
  type EnrollmentRequest,
} from '../../src/enrollment/index.js';
import { Authorization } from '../../src/issuer/index.js';
import { openSqliteStores } from '../../src/store/index.js';
import {
  Name,
  parseCertificationRequest,
  writeSubjectAltNames,
  type Certificate,
  type CertificationRequest,
} from '../../src/x509/index.js';
import {
  certificationRequest,
  distinguishedName,
  selfSigned,
  type CertificationRequestOptions,
} from '../support/certificates.js';
import { testKey, type TestKeyName } from '../support/keys.js';
import { ScriptedIssuer } from '../support/scripted-issuer.js';

const directory = mkdtempSync(join(tmpdir(), 'enrollment-'));
let stores: Awaited<ReturnType<typeof openSqliteStores>>;
let issuer: ScriptedIssuer;
let challenges: Challenges;
let now: Date;
let file = 0;
const clock = () => now;

beforeEach(async () => {
  now = new Date('2026-06-01T12:00:00Z');
  stores = await openSqliteStores(join(directory, `${++file}.db`));
  issuer = await ScriptedIssuer.create();
  challenges = newChallenges();
});

afterEach(async () => {
  await stores.close();
  if (file > 100) rmSync(directory, { recursive: true });
});

function newChallenges(): Challenges {
  return createChallenges({
    store: stores.challenges,
    secret: Buffer.alloc(32, 1),
    singlePasswordSecret: Buffer.alloc(32, 2),
    clock,
  });
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

function enrollmentWith(changes: Partial<EnrollmentProfile> = {}): Enrollment {
  const profile: EnrollmentProfile = {
    name: 'default',
    issuer,
    policy,
    renewal: { allow: true, windowDays: 0, graceDays: 0, sameKey: true },
    approval: 'automatic',
    dynamicChallenges: true,
    staticChallenges: true,
    externalChallenges: false,
    openToAnyone: false,
    maxPending: 2,
    replayMillis: 3_600_000,
    crlOf: () => Promise.resolve(undefined),
    ...changes,
  };
  return createEnrollment({
    profiles: [profile, { ...profile, name: 'other' }],
    store: stores.enrollments,
    challenges,
    clock,
    secret: Buffer.alloc(32, 3),
  });
}

async function newChallenge(binding = {}): Promise<string> {
  const outcome = await challenges.issue({
    account: 'admin',
    quota: 100,
    binding,
    length: 8,
    validityMinutes: 60,
    maxUses: 1,
  });
  if (outcome.kind !== 'issued') throw new Error(outcome.kind);
  return outcome.password;
}

const client = { correlationId: 'TEST', address: '192.0.2.7', userAgent: undefined };

async function csrOf(
  key: TestKeyName,
  options: CertificationRequestOptions = {},
): Promise<CertificationRequest> {
  return parseCertificationRequest(
    await certificationRequest(testKey(key), { subject: 'CN=device-1', ...options }),
  );
}

async function requestOf(
  key: TestKeyName,
  options: CertificationRequestOptions & {
    transactionId?: string;
    signer?: Certificate;
    intent?: EnrollmentRequest['intent'];
    profile?: string;
  } = {},
): Promise<EnrollmentRequest> {
  return {
    profile: options.profile ?? 'default',
    transactionId: Buffer.from(options.transactionId ?? 'T1'),
    csr: await csrOf(key, options),
    signer: options.signer ?? (await selfSigned(testKey(key), { subject: 'CN=device-1' })),
    intent: options.intent ?? 'any',
    client,
  };
}

function issuedCertificate(outcome: EnrollmentOutcome): Certificate {
  if (outcome.kind !== 'issued') throw new Error(`not issued: ${JSON.stringify(outcome)}`);
  return outcome.certificate;
}

const rejection = (code: string) => expect.objectContaining({ kind: 'rejected', code }) as unknown;

describe('challenge enrollment', () => {
  test('issues with a valid challenge, with a genuine authorization, and records it before answering', async () => {
    const challengePassword = await newChallenge();
    const certificate = issuedCertificate(
      await enrollmentWith().enroll(await requestOf('client', { challengePassword })),
    );
    expect(certificate.subject.text).toBe('CN=device-1');
    expect(issuer.submissions).toHaveLength(1);
    expect(Authorization.isGenuine(issuer.submissions[0]?.authorization)).toBe(true);
    const record = await stores.enrollments.certificate(certificate.thumbprints.sha256);
    expect(record).toMatchObject({
      profile: 'default',
      transactionId: 'T1',
      subject: 'CN=device-1',
    });
    const audit = await stores.enrollments.audit({ transactionId: 'T1' });
    expect(audit.map(({ event }) => event)).toEqual(['enrollment.issued']);
  });

  test('answers the same request again after the challenge is spent, without a second certificate', async () => {
    const request = await requestOf('client', { challengePassword: await newChallenge() });
    const first = issuedCertificate(await enrollmentWith().enroll(request));
    const again = issuedCertificate(await enrollmentWith().enroll(request));
    expect(again.der.equals(first.der)).toBe(true);
    expect(issuer.submissions).toHaveLength(1);
  });

  test('answers a re-made request of the same key and challenge from the record', async () => {
    const challengePassword = await newChallenge();
    const first = issuedCertificate(
      await enrollmentWith().enroll(await requestOf('client', { challengePassword })),
    );
    const again = await enrollmentWith().enroll(
      await requestOf('client', { challengePassword, subject: 'CN=device-1,O=Elsewhere' }),
    );
    expect(issuedCertificate(again).der.equals(first.der)).toBe(true);
  });

  test('refuses another key in the same transaction and leaves its challenge open', async () => {
    const enrollment = enrollmentWith();
    await enrollment.enroll(await requestOf('client', { challengePassword: await newChallenge() }));
    const second = await newChallenge();
    const outcome = await enrollment.enroll(
      await requestOf('client-2', { challengePassword: second }),
    );
    expect(outcome).toEqual(rejection('scep.transaction-key'));
    const elsewhere = await requestOf('client-2', {
      challengePassword: second,
      transactionId: 'T2',
    });
    expect((await enrollment.enroll(elsewhere)).kind).toBe('issued');
  });

  test.each([
    ['no challenge', {}, 'challenge.missing'],
    ['an unknown challenge', { challengePassword: '0123456789ABCDEF' }, 'challenge.refused'],
  ])('refuses %s', async (_name, options, code) => {
    const outcome = await enrollmentWith().enroll(await requestOf('client', options));
    expect(outcome).toEqual(rejection(code));
    expect(issuer.submissions).toHaveLength(0);
    const [audit] = await stores.enrollments.audit({ transactionId: 'T1' });
    expect(audit).toMatchObject({ event: 'enrollment.rejected', code, correlationId: 'TEST' });
    expect(JSON.stringify(audit)).not.toContain('0123456789ABCDEF');
  });

  test.each(['T1', 'T-of-the-device'])(
    'a stranger who is first with a captured request does not lock its owner out (transactionID %s)',
    async (transactionId) => {
      const challengePassword = await newChallenge();
      const stranger = await selfSigned(testKey('client-2'), { subject: 'CN=stranger' });
      const captured = await requestOf('client', { challengePassword, signer: stranger });
      const first = issuedCertificate(await enrollmentWith().enroll(captured));
      expect(first.publicKey.id).toBe(testKey('client').publicKey.id);

      const own = { ...(await requestOf('client', { transactionId })), csr: captured.csr };
      const served = issuedCertificate(await enrollmentWith().enroll(own));
      expect(served.der.equals(first.der)).toBe(true);
      expect(issuer.submissions).toHaveLength(1);

      // Neither another request with that challenge, nor another stranger, nor the same one later.
      const another = await requestOf('client', {
        challengePassword,
        transactionId: 'T3',
        extensions: [],
      });
      expect(await enrollmentWith().enroll(another)).toEqual(rejection('challenge.refused'));
      const second = await selfSigned(testKey('client-4096'), { subject: 'CN=stranger' });
      expect(
        await enrollmentWith().enroll({
          ...captured,
          signer: second,
          transactionId: Buffer.from('T4'),
        }),
      ).toEqual(rejection('challenge.refused'));
      now = new Date(now.getTime() + 3_600_001);
      expect(await enrollmentWith().enroll({ ...own, transactionId: Buffer.from('T5') })).toEqual(
        rejection('challenge.refused'),
      );
    },
  );

  test('owner and stranger at once: one certificate, for the owner at the latest when it asks again', async () => {
    const challengePassword = await newChallenge();
    const stranger = await selfSigned(testKey('client-2'), { subject: 'CN=stranger' });
    const captured = await requestOf('client', { challengePassword, signer: stranger });
    const own = { ...(await requestOf('client', { transactionId: 'T2' })), csr: captured.csr };
    const enrollment = enrollmentWith();
    await Promise.all([enrollment.enroll(captured), enrollment.enroll(own)]);
    const certificate = issuedCertificate(await enrollment.enroll(own));
    expect(certificate.publicKey.id).toBe(testKey('client').publicKey.id);
    expect(issuer.submissions).toHaveLength(1);
  });

  test('spends a challenge once: a second device is refused', async () => {
    const challengePassword = await newChallenge();
    const enrollment = enrollmentWith();
    await enrollment.enroll(await requestOf('client', { challengePassword }));
    const other = await requestOf('client-2', { challengePassword, transactionId: 'T2' });
    expect(await enrollment.enroll(other)).toEqual(rejection('challenge.refused'));
  });

  test('one of two devices that race for a challenge gets it', async () => {
    const challengePassword = await newChallenge();
    const enrollment = enrollmentWith();
    const outcomes = await Promise.all([
      enrollment.enroll(await requestOf('client', { challengePassword })),
      enrollment.enroll(await requestOf('client-2', { challengePassword, transactionId: 'T2' })),
    ]);
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['issued', 'rejected']);
  });

  test('the same request sent many times at once makes one certificate', async () => {
    const request = await requestOf('client', { challengePassword: await newChallenge() });
    const enrollment = enrollmentWith();
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => enrollment.enroll(request)),
    );
    expect(new Set(outcomes.map((outcome) => issuedCertificate(outcome).serial)).size).toBe(1);
    expect(issuer.submissions).toHaveLength(1);
  });

  test('a policy refusal leaves the challenge open for a corrected request', async () => {
    const challengePassword = await newChallenge();
    const enrollment = enrollmentWith();
    const small = await requestOf('client-1024', { challengePassword });
    const outcome = await enrollment.enroll(small);
    expect(outcome).toMatchObject({
      code: 'policy.key',
      text: expect.stringContaining('RSA 1024') as unknown,
    });
    const corrected = await requestOf('client', { challengePassword, transactionId: 'T2' });
    expect((await enrollment.enroll(corrected)).kind).toBe('issued');
  });

  test('a bound challenge opens only for what it names and stays open otherwise', async () => {
    const challengePassword = await newChallenge({ subject: 'CN=device-2' });
    const enrollment = enrollmentWith();
    const wrong = await requestOf('client', { challengePassword });
    expect(await enrollment.enroll(wrong)).toEqual(rejection('challenge.refused'));
    const right = await requestOf('client', {
      challengePassword,
      subject: 'CN=device-2',
      transactionId: 'T2',
    });
    expect((await enrollment.enroll(right)).kind).toBe('issued');
  });

  test('a refused name as long as the message leaves a short line in the audit trail', async () => {
    const subject = Array.from({ length: 60 }, (_, n) => `OU=${n}${'x'.repeat(1000)}`).join();
    await enrollmentWith().enroll(await requestOf('client', { subject }));
    const [record] = await stores.enrollments.audit({});
    expect(record?.subject?.length).toBe(2000);
    expect(record?.subject?.startsWith('OU=0xxx')).toBe(true);
  });

  test('throws a uniform crypto fault for a request without proof of possession', async () => {
    const request = await requestOf('client', {
      challengePassword: await newChallenge(),
      publicKey: testKey('client-2').publicKey,
    });
    await expect(enrollmentWith().enroll(request)).rejects.toMatchObject({
      code: 'csr.proof-of-possession',
    });
  });

  test('after the replay window a spent challenge does not open again', async () => {
    const request = await requestOf('client', { challengePassword: await newChallenge() });
    await enrollmentWith().enroll(request);
    now = new Date(now.getTime() + 3_600_001);
    expect(await enrollmentWith().enroll(request)).toEqual(rejection('challenge.refused'));
  });

  test('anyone may enroll only where the profile says so', async () => {
    const request = await requestOf('client');
    const open = enrollmentWith({
      openToAnyone: true,
      dynamicChallenges: false,
      staticChallenges: false,
    });
    expect((await open.enroll(request)).kind).toBe('issued');
  });

  test('keeps no challenge in the store', async () => {
    const challengePassword = await newChallenge();
    await enrollmentWith({ approval: 'manual' }).enroll(
      await requestOf('client', { challengePassword }),
    );
    const [row] = await stores.enrollments.pending({});
    expect(row?.csr.includes(challengePassword)).toBe(false);
  });
});

describe('renewal', () => {
  async function enrolled(): Promise<Certificate> {
    const request = await requestOf('client', { challengePassword: await newChallenge() });
    return issuedCertificate(await enrollmentWith().enroll(request));
  }

  test.each(['any', 'renewal'] as const)(
    'renews with a certificate of ours (intent %s)',
    async (intent) => {
      const signer = await enrolled();
      const outcome = await enrollmentWith().enroll(
        await requestOf('client-2', { signer, intent, transactionId: 'T2' }),
      );
      expect(issuedCertificate(outcome).publicKey.id).toBe(testKey('client-2').publicKey.id);
    },
  );

  test('renews with the old key and the same transactionID, and answers a re-sent renewal once', async () => {
    const signer = await enrolled();
    const request = await requestOf('client', { signer, intent: 'renewal' });
    const first = issuedCertificate(await enrollmentWith().enroll(request));
    expect(first.der.equals(signer.der)).toBe(false);
    expect(issuedCertificate(await enrollmentWith().enroll(request)).der.equals(first.der)).toBe(
      true,
    );
    expect(issuer.submissions).toHaveLength(2);
  });

  test('an otherName that no rule reads may not change its value', async () => {
    const principal = (name: string) =>
      writeSubjectAltNames(
        [
          der.contextConstructed(
            0,
            der.oid('1.3.6.1.5.2.2'),
            der.contextConstructed(0, der.utf8String(name)),
          ),
        ],
        false,
      );
    const enrollment = enrollmentWith({
      policy: { ...policy, san: { types: ['other'], required: true } },
    });
    const signer = issuedCertificate(
      await enrollment.enroll(
        await requestOf('client', {
          challengePassword: await newChallenge(),
          extensions: [principal('device-1')],
        }),
      ),
    );
    const renewal = async (name: string) =>
      enrollment.enroll(
        await requestOf('client', {
          signer,
          intent: 'renewal',
          transactionId: name,
          extensions: [principal(name)],
        }),
      );
    issuedCertificate(await renewal('device-1'));
    expect(await renewal('administrator')).toEqual(rejection('renewal.refused'));
  });

  test('refuses a signer that is not ours, though it looks like ours', async () => {
    const real = await enrolled();
    const forged = await selfSigned(testKey('client-2'), {
      subjectDer: real.subject.der,
      serial: real.serialBytes,
    });
    const request = await requestOf('client-2', {
      signer: forged,
      intent: 'renewal',
      transactionId: 'T2',
    });
    expect(await enrollmentWith().enroll(request)).toEqual(rejection('renewal.refused'));
  });

  test('refuses a certificate of another profile', async () => {
    const signer = await enrolled();
    const request = await requestOf('client', { signer, intent: 'renewal', profile: 'other' });
    expect(await enrollmentWith().enroll(request)).toEqual(rejection('renewal.refused'));
  });

  test.each([
    ['another subject', { subject: 'CN=root' }, {}],
    ['a profile without renewal', {}, { allow: false }],
    ['too early', {}, { windowDays: 10 }],
    ['the same key where a new one is wanted', {}, { sameKey: false }],
  ])('refuses %s', async (_name, csr, change) => {
    const signer = await enrolled();
    const renewal = { allow: true, windowDays: 0, graceDays: 0, sameKey: true, ...change };
    const request = await requestOf('client', { signer, intent: 'renewal', ...csr });
    expect(await enrollmentWith({ renewal }).enroll(request)).toEqual(rejection('renewal.refused'));
  });

  test('refuses a revoked and an expired certificate, and takes an expired one within the grace', async () => {
    const signer = await enrolled();
    now = new Date('2027-01-05T00:00:00Z');
    const request = await requestOf('client', { signer, intent: 'renewal' });
    expect(await enrollmentWith().enroll(request)).toEqual(rejection('renewal.refused'));
    const graceful = { allow: true, windowDays: 0, graceDays: 7, sameKey: true };
    expect((await enrollmentWith({ renewal: graceful }).enroll(request)).kind).toBe('issued');
    const audit = {
      at: now,
      event: 'certificate.revoked',
      correlationId: 'TEST',
      outcome: 'ok' as const,
      profile: undefined,
      transactionId: undefined,
      challengeId: undefined,
      subject: undefined,
      keyId: undefined,
      clientAddress: undefined,
      actor: 'test',
      code: undefined,
      reason: undefined,
    };
    await stores.enrollments.revoke(signer.thumbprints.sha256, 1, audit);
    const later = await requestOf('client', { signer, intent: 'renewal', transactionId: 'T3' });
    expect(await enrollmentWith({ renewal: graceful }).enroll(later)).toEqual(
      rejection('renewal.refused'),
    );
  });
});

describe('manual approval', () => {
  const approvals = () => ({ store: stores.enrollments, challenges, clock });

  test('waits, is approved, and answers poll and re-sent request with one certificate', async () => {
    const enrollment = enrollmentWith({ approval: 'manual' });
    const request = await requestOf('client', { challengePassword: await newChallenge() });
    expect(await enrollment.enroll(request)).toEqual({ kind: 'pending' });
    expect(await enrollment.enroll(request)).toEqual({ kind: 'pending' });
    const poll = {
      profile: 'default',
      transactionId: Buffer.from('T1'),
      signer: request.signer,
      client,
    };
    expect(await enrollment.poll(poll)).toEqual({ kind: 'pending' });
    expect(issuer.submissions).toHaveLength(0);

    const [waiting] = await stores.enrollments.pending({});
    await decideApproval(approvals(), {
      transaction: waiting?.id.slice(0, 8) ?? '',
      decision: 'approve',
      actor: 'alice',
      correlationId: 'CLI',
    });
    const polled = issuedCertificate(await enrollment.poll(poll));
    const resent = issuedCertificate(await enrollmentWith({ approval: 'manual' }).enroll(request));
    expect(resent.der.equals(polled.der)).toBe(true);
    expect(issuer.submissions[0]?.authorization.ground).toEqual({
      by: 'approval',
      approver: 'alice',
    });
  });

  test('issues what was approved, not what a later request of the same key asks for', async () => {
    const enrollment = enrollmentWith({ approval: 'manual' });
    const challengePassword = await newChallenge();
    await enrollment.enroll(await requestOf('client', { challengePassword }));
    const [waiting] = await stores.enrollments.pending({});
    await decideApproval(approvals(), {
      transaction: waiting?.id ?? '',
      decision: 'approve',
      actor: 'alice',
      correlationId: 'CLI',
    });
    const changed = await requestOf('client', { challengePassword, subject: 'CN=domain-admin' });
    expect(issuedCertificate(await enrollment.enroll(changed)).subject.text).toBe('CN=device-1');
  });

  test('a denial reaches the device with its reason and spends the challenge', async () => {
    const enrollment = enrollmentWith({ approval: 'manual' });
    const challengePassword = await newChallenge();
    const request = await requestOf('client', { challengePassword });
    await enrollment.enroll(request);
    const [waiting] = await stores.enrollments.pending({});
    await decideApproval(approvals(), {
      transaction: waiting?.id ?? '',
      decision: 'deny',
      actor: 'alice',
      reason: 'Not our device.',
      correlationId: 'CLI',
    });
    expect(await enrollment.enroll(request)).toEqual({
      kind: 'rejected',
      code: 'enrollment.denied',
      text: 'Not our device.',
    });
    const other = await requestOf('client-2', { challengePassword, transactionId: 'T2' });
    expect(await enrollment.enroll(other)).toEqual(rejection('challenge.refused'));
  });

  test('bounds how many may wait', async () => {
    const enrollment = enrollmentWith({ approval: 'manual', maxPending: 1 });
    await enrollment.enroll(await requestOf('client', { challengePassword: await newChallenge() }));
    const next = await requestOf('client-2', {
      challengePassword: await newChallenge(),
      transactionId: 'T2',
    });
    await expect(enrollment.enroll(next)).rejects.toMatchObject({
      code: 'enrollment.pending-limit',
    });
  });

  test('a poll by a key that cannot decrypt gets the challenge to encrypt the reply with', async () => {
    const enrollment = enrollmentWith({ approval: 'manual' });
    for (const [key, transactionId] of [
      ['client-p-256', 'T1'],
      ['client', 'T2'],
    ] as const) {
      const challengePassword = await newChallenge();
      const request = await requestOf(key, { challengePassword, transactionId });
      await enrollment.enroll(request);
      const [waiting] = await stores.enrollments.pending({});
      await decideApproval(approvals(), {
        transaction: waiting?.id ?? '',
        decision: 'approve',
        actor: 'alice',
        correlationId: 'CLI',
      });
      const polled = await enrollment.poll(request);
      const told = polled.kind === 'issued' ? polled.challengePassword : polled.kind;
      expect(told).toBe(key === 'client' ? undefined : challengePassword);
    }
  });

  test('a poll by another key learns nothing', async () => {
    const enrollment = enrollmentWith({ approval: 'manual' });
    await enrollment.enroll(await requestOf('client', { challengePassword: await newChallenge() }));
    const signer = await selfSigned(testKey('client-2'));
    const poll = { profile: 'default', transactionId: Buffer.from('T1'), signer, client };
    expect(await enrollment.poll(poll)).toEqual(rejection('scep.unknown-transaction'));
  });
});

describe('when the issuer cannot or will not', () => {
  test('an outage is not a failure and gives the challenge back', async () => {
    const request = await requestOf('client', { challengePassword: await newChallenge() });
    issuer.onSubmit = () =>
      Promise.resolve({ kind: 'unavailable', submission: 'none', detail: 'down' });
    expect(await enrollmentWith().enroll(request)).toEqual({
      kind: 'unavailable',
      retryAfterSeconds: 30,
    });
    issuer.onSubmit = (submitted) => issuer.issue(submitted);
    expect((await enrollmentWith().enroll(request)).kind).toBe('issued');
  });

  test('a refusal is final and spends the challenge', async () => {
    const request = await requestOf('client', { challengePassword: await newChallenge() });
    issuer.onSubmit = () =>
      Promise.resolve({ kind: 'refused', text: 'No.', detail: 'denied by template' });
    const refusal = { kind: 'rejected', code: 'issuer.refused', text: 'No.' };
    expect(await enrollmentWith().enroll(request)).toEqual(refusal);
    expect(await enrollmentWith().enroll(request)).toEqual(refusal);
    expect(issuer.submissions).toHaveLength(1);
  });

  test('under submission is pending until the CA has decided', async () => {
    const request = await requestOf('client', { challengePassword: await newChallenge() });
    issuer.onSubmit = () => Promise.resolve({ kind: 'pending', requestId: '42' });
    issuer.onRetrieve = () => Promise.resolve({ kind: 'pending', requestId: '42' });
    expect(await enrollmentWith().enroll(request)).toEqual({ kind: 'pending' });
    expect(await enrollmentWith().enroll(request)).toEqual({ kind: 'pending' });
    const submitted = issuer.submissions[0]?.request;
    if (!submitted) throw new Error('nothing was submitted');
    issuer.onRetrieve = () => issuer.issue(submitted);
    expect((await enrollmentWith().enroll(request)).kind).toBe('issued');
    expect(issuer.submissions).toHaveLength(1);
  });

  test('a crash between recording and issuing is taken up by the next attempt', async () => {
    const request = await requestOf('client', { challengePassword: await newChallenge() });
    issuer.onSubmit = () => Promise.reject(new Error('the process died here'));
    await expect(enrollmentWith().enroll(request)).rejects.toThrow('died');
    issuer.onSubmit = (submitted) => issuer.issue(submitted);
    expect((await enrollmentWith().enroll(request)).kind).toBe('issued');
  });
});

describe('GetCert', () => {
  test('finds a certificate of the profile by issuer and serial, and the CA itself', async () => {
    const enrollment = enrollmentWith();
    const request = await requestOf('client', { challengePassword: await newChallenge() });
    const certificate = issuedCertificate(await enrollment.enroll(request));
    const found = await enrollment.findCertificate(
      'default',
      certificate.issuer,
      certificate.serial,
    );
    expect(found?.der.equals(certificate.der)).toBe(true);
    const ca = issuer.chain[0]!;
    expect(await enrollment.findCertificate('default', ca.issuer, ca.serial)).toBe(ca);
    expect(await enrollment.findCertificate('default', certificate.issuer, '00ff')).toBeUndefined();
    const inOtherStrings = Name.fromDer(distinguishedName('CN=scripted ca', 'bmp'));
    const again = await enrollment.findCertificate('default', inOtherStrings, certificate.serial);
    expect(again?.der.equals(certificate.der)).toBe(true);
  });
});
