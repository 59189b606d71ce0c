import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  combineValidators,
  createChallenges,
  ExternalChallenges,
} from '../../src/challenge/index.js';
import {
  createEnrollment,
  decideApproval,
  type Enrollment,
  type EnrollmentProfile,
  type EnrollmentRequest,
} from '../../src/enrollment/index.js';
import { openSqliteStores } from '../../src/store/index.js';
import { parseCertificationRequest } from '../../src/x509/index.js';
import { certificationRequest, selfSigned } from '../support/certificates.js';
import { testKey, type TestKeyName } from '../support/keys.js';
import { ScriptedIssuer } from '../support/scripted-issuer.js';

type Answer = Awaited<ReturnType<ConstructorParameters<typeof ExternalChallenges>[0]['ask']>>;

const sid = 'S-1-5-21-397955417-626881126-188441444-1104';
const now = new Date('2026-06-01T12:00:00Z');
let directory: string;
let stores: Awaited<ReturnType<typeof openSqliteStores>>;
let issuer: ScriptedIssuer;
let answer: Answer;
let asked: string[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'external-validation-'));
  stores = await openSqliteStores(join(directory, 'gateway.db'));
  issuer = await ScriptedIssuer.create();
  answer = { kind: 'allowed', attested: {} };
  asked = [];
});

afterEach(async () => {
  await stores.close();
  rmSync(directory, { recursive: true });
});

function enrollment(changes: Partial<EnrollmentProfile> = {}): Enrollment {
  const store = stores.challenges;
  const secret = Buffer.alloc(32, 1);
  const clock = () => now;
  const external = new ExternalChallenges({
    store,
    secret,
    ask: (_password, use) => {
      asked.push(use.request.transactionId);
      return Promise.resolve(answer);
    },
    denialMillis: 60_000,
    clock,
  });
  const own = createChallenges({ store, secret, singlePasswordSecret: secret, clock });
  const profile: EnrollmentProfile = {
    name: 'default',
    issuer,
    policy: {
      rsaBits: { min: 2048, max: 8192 },
      ecCurves: [],
      subject: { allowEmpty: false },
      san: { types: ['dns'], required: false },
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'],
      extensions: ['1.3.6.1.4.1.311.25.2'],
      unlisted: 'strip',
      sidUri: 'refuse',
      validityDays: 365,
      honourRequestedValidity: true,
    },
    renewal: { allow: true, windowDays: 0, graceDays: 0, sameKey: true },
    approval: 'automatic',
    dynamicChallenges: false,
    staticChallenges: false,
    externalChallenges: true,
    openToAnyone: false,
    maxPending: 2,
    replayMillis: 3_600_000,
    crlOf: () => Promise.resolve(undefined),
    ...changes,
  };
  return createEnrollment({
    profiles: [profile],
    store: stores.enrollments,
    challenges: combineValidators(own, new Map([['default', external]])),
    clock,
    secret,
  });
}

async function request(
  key: TestKeyName = 'client',
  options: Parameters<typeof certificationRequest>[1] & { transactionId?: string } = {},
): Promise<EnrollmentRequest> {
  const csr = await certificationRequest(testKey(key), {
    subject: 'CN=device-1',
    challengePassword: 'open sesame',
    ...options,
  });
  return {
    profile: 'default',
    transactionId: Buffer.from(options.transactionId ?? 'T1'),
    csr: parseCertificationRequest(csr),
    signer: await selfSigned(testKey(key), { subject: 'CN=device-1' }),
    intent: 'any',
    client: { correlationId: 'TEST', address: '192.0.2.7', userAgent: undefined },
  };
}

const events = async () =>
  (await stores.enrollments.audit({ transactionId: 'T1' })).map(
    ({ event, outcome, code, reason }) => [event, outcome, code, reason],
  );

test('a yes is a certificate, and a request that comes again is not asked about again', async () => {
  expect(await enrollment().enroll(await request())).toMatchObject({ kind: 'issued' });
  expect(await enrollment().enroll(await request())).toMatchObject({ kind: 'issued' });
  const other = await request('client', { subject: 'CN=device-1,O=Elsewhere' });
  expect(await enrollment().enroll(other)).toMatchObject({ kind: 'issued' });
  expect(asked).toEqual(['T1']);
  expect(issuer.submissions).toHaveLength(1);
});

test('a no is the refusal of any challenge, with its reason in the audit trail alone', async () => {
  answer = { kind: 'denied', detail: 'stolen' };
  const outcome = await enrollment().enroll(await request());
  expect(outcome).toMatchObject({ kind: 'rejected', code: 'challenge.refused' });
  expect(JSON.stringify(outcome)).not.toContain('stolen');
  expect(await events()).toEqual([
    ['enrollment.rejected', 'refused', 'challenge.refused', 'challenge denied: stolen'],
  ]);
  expect(issuer.submissions).toEqual([]);
});

test('no answer is an outage, and nothing is issued', async () => {
  answer = { kind: 'unavailable', detail: 'it answered 500' };
  expect(await enrollment().enroll(await request())).toEqual({
    kind: 'unavailable',
    retryAfterSeconds: 30,
  });
  expect(await events()).toEqual([
    ['enrollment.validator-unavailable', 'error', 'challenge.unavailable', 'it answered 500'],
  ]);
  expect(issuer.submissions).toEqual([]);
  expect(await stores.enrollments.findTransactions('default', '5431')).toEqual([]);
  answer = { kind: 'allowed', attested: {} };
  expect(await enrollment().enroll(await request())).toMatchObject({ kind: 'issued' });
});

test('a CA that is down costs no second question', async () => {
  issuer.onSubmit = () =>
    Promise.resolve({ kind: 'unavailable', submission: 'none', detail: 'down' });
  expect(await enrollment().enroll(await request())).toMatchObject({ kind: 'unavailable' });
  issuer.onSubmit = (submission) => issuer.issue(submission);
  expect(await enrollment().enroll(await request())).toMatchObject({ kind: 'issued' });
  expect(asked).toEqual(['T1']);
});

test('a request that policy refuses is not asked about', async () => {
  const outcome = await enrollment().enroll(await request('client-1024'));
  expect(outcome).toMatchObject({ kind: 'rejected', code: 'policy.key' });
  expect(asked).toEqual([]);
});

test('a profile without a validator takes no such challenge', async () => {
  await enrollment().enroll(await request());
  const outcome = await enrollment({ externalChallenges: false, staticChallenges: true }).enroll(
    await request('client-2', { transactionId: 'T2' }),
  );
  expect(outcome).toMatchObject({ kind: 'rejected', code: 'challenge.refused' });
});

test('no request goes without a challenge', async () => {
  const { csr, ...rest } = await request();
  const bare = parseCertificationRequest(
    await certificationRequest(testKey('client'), { subject: 'CN=device-1' }),
  );
  expect(csr.challengePassword).toBe('open sesame');
  const outcome = await enrollment().enroll({ ...rest, csr: bare });
  expect(outcome).toMatchObject({ kind: 'rejected', code: 'challenge.missing' });
});

/** MS-WCCE: SEQUENCE { [0] { szOID_NTDS_OBJECTSID, [0] { OCTET STRING } } }. */
const sidValue = Buffer.concat([
  Buffer.from('303da03b060a2b060104018237190201a02d042b', 'hex'),
  Buffer.from(sid),
]);

test.each(['automatic', 'manual'] as const)(
  'an attested SID stands in the certificate, and no other (%s approval)',
  async (approval) => {
    answer = { kind: 'allowed', attested: { sid } };
    const claimed = {
      oid: '1.3.6.1.4.1.311.25.2',
      critical: false,
      value: Buffer.from('0500', 'hex'),
    };
    const enroll = async () =>
      enrollment({ approval }).enroll(await request('client', { extensions: [claimed] }));
    let outcome = await enroll();
    if (approval === 'manual') {
      expect(outcome).toEqual({ kind: 'pending' });
      const [row] = await stores.enrollments.findTransactions('default', '5431');
      if (!row) throw new Error('nothing waits');
      await decideApproval(
        { store: stores.enrollments, challenges: stores.challenges, clock: () => now },
        { transaction: row.id, actor: 'boss', decision: 'approve', correlationId: 'TEST' },
      );
      outcome = await enroll();
    }
    if (outcome.kind !== 'issued') throw new Error(outcome.kind);
    const found = outcome.certificate.extensions.filter(({ oid }) => oid === claimed.oid);
    expect(found.map(({ value }) => value.toString('hex'))).toEqual([sidValue.toString('hex')]);
    const trail = await events();
    expect(trail.find(([event]) => event === 'enrollment.issued')?.[3]).toContain(
      `attested SID ${sid}`,
    );
  },
);
