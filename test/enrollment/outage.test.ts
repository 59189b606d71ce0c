/** What devices, CAs and operators see when a CA says later, no, or nothing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  jest,
  test,
} from '@jest/globals';
import type { BacklogEvent, EnrollmentRequest } from '../../src/enrollment/index.js';
import type { IssuanceOutcome } from '../../src/issuer/index.js';
import {
  deviceRequest,
  issuedCertificate,
  openInstallation,
  type Installation,
  type InstallationOptions,
} from '../faults/installation.js';
import { distantCa, type DistantCa } from '../support/distant-ca.js';
import { ScriptedIssuer } from '../support/scripted-issuer.js';

let directory: string;
let file = 0;
let path: string;
let now: Date;
let ca: DistantCa;
let house: Installation;
let opened: Installation[];
let reported: BacklogEvent[];

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'outage-'));
});
afterAll(() => rmSync(directory, { recursive: true }));
beforeEach(async () => {
  path = join(directory, `${++file}.db`);
  now = new Date('2026-06-01T12:00:00Z');
  ca = await distantCa();
  reported = [];
  opened = [];
});
afterEach(async () => {
  for (const each of opened) await each.stores.close();
});

async function open(options: InstallationOptions = {}): Promise<Installation> {
  house = await openInstallation(path, {
    clock: () => now,
    issuer: ca.issuer,
    report: (event) => reported.push(event),
    ...options,
  });
  opened.push(house);
  return house;
}

async function newRequest(
  transactionId = 'T1',
  key: 'client' | 'client-2' = 'client',
): Promise<EnrollmentRequest> {
  return deviceRequest({ transactionId, key, challengePassword: await house.challenge() });
}

const down: IssuanceOutcome = { kind: 'unavailable', submission: 'none', detail: 'no route' };
const lost: IssuanceOutcome = { kind: 'unavailable', submission: 'unknown', detail: 'reset' };
const pending = { kind: 'pending' };

const answers = (...outcomes: readonly IssuanceOutcome[]) => ca.issuer.answers(...outcomes);

function minutesPass(minutes: number): void {
  now = new Date(now.getTime() + minutes * 60_000);
}

const round = () => house.enrollment.backlog.round();
const sent = () => ca.issuer.submissions.length;
const row = async () => (await house.stores.enrollments.pending({}))[0];
const trail = async () =>
  (await house.stores.enrollments.audit({ transactionId: 'T1' })).map(({ event }) => event);
const uses = async () =>
  (await house.stores.challenges.list({}, now)).map((challenge) => challenge.uses);

describe('outage: queue', () => {
  test('PENDING, the challenge kept, and a certificate as soon as the CA is back', async () => {
    await open();
    answers(down, down);
    const request = await newRequest();
    expect(await house.enrollment.enroll(request)).toEqual(pending);
    expect(await house.enrollment.enroll(request)).toEqual(pending);
    expect(await house.enrollment.poll(request)).toEqual(pending);
    expect(sent()).toBe(1);
    const stranger = await deviceRequest({
      transactionId: 'T2',
      key: 'client-2',
      challengePassword: request.csr.challengePassword!,
    });
    expect(await house.enrollment.enroll(stranger)).toMatchObject({ code: 'challenge.refused' });
    await round();
    expect(sent()).toBe(1);
    minutesPass(1);
    await round();
    expect([sent(), (await row())?.errand?.attempts]).toEqual([2, 2]);
    minutesPass(10);
    await round();
    const certificate = issuedCertificate(await house.enrollment.poll(request));
    expect(ca.issued.get(ca.issuer.submissions[0]!.request.transaction)).toHaveLength(1);
    expect(issuedCertificate(await house.enrollment.enroll(request)).serial).toBe(
      certificate.serial,
    );
    expect(await uses()).toEqual([1]);
    expect(await trail()).toEqual(['enrollment.issued', 'enrollment.issuer-unavailable']);
  });

  test('asked after from many connections at once while it is worked off, it is sent once', async () => {
    await open();
    answers(down);
    const request = await newRequest();
    expect(await house.enrollment.enroll(request)).toEqual(pending);
    minutesPass(10);
    const { enrollment } = house;
    const asked = await Promise.all([
      enrollment.poll(request),
      round(),
      enrollment.enroll(request),
      enrollment.poll(request),
      round(),
      enrollment.enroll({ ...request, client: { ...request.client, address: '192.0.2.8' } }),
    ]);
    for (const outcome of asked) expect(['pending', 'issued', undefined]).toContain(outcome?.kind);
    expect(sent()).toBe(2);
    expect((await enrollment.poll(request)).kind).toBe('issued');
    expect(await house.stores.enrollments.certificates({}, now)).toHaveLength(1);
  });

  test('a device that comes with another key in the same transaction is refused, and what waits stays', async () => {
    await open();
    answers(down);
    const request = await newRequest();
    await house.enrollment.enroll(request);
    const other = await newRequest('T1', 'client-2');
    expect(await house.enrollment.enroll(other)).toMatchObject({ kind: 'rejected' });
    expect(await uses()).toEqual([0, 1]);
    minutesPass(10);
    await round();
    expect((await house.enrollment.poll(request)).kind).toBe('issued');
    expect([sent(), await uses()]).toEqual([2, [0, 1]]);
  });

  test('while the breaker is open nothing is sent, and new requests queue without a call', async () => {
    await open();
    answers(...Array.from({ length: 4 }, () => down));
    const keys = ['T1', 'T2', 'T3', 'T4', 'T5'];
    for (const transactionId of keys)
      expect(await house.enrollment.enroll(await newRequest(transactionId))).toEqual(pending);
    expect(sent()).toBe(3);
    await round();
    expect(sent()).toBe(3);
    expect(reported.map(({ kind }) => kind)).toEqual(['issuer-down']);
    const { issuers, waiting } = await house.enrollment.backlog.status();
    expect(issuers).toEqual([
      {
        issuer: 'distant',
        breaker: 'open',
        since: now,
        retryAt: new Date(now.getTime() + 11_250),
        problem: 'no route',
        mend: undefined,
      },
    ]);
    expect(waiting).toMatchObject([{ profile: 'default', state: 'authorized', count: 5 }]);
    const queued = await house.stores.enrollments.audit({ transactionId: 'T5' });
    expect(queued.map(({ event, reason }) => [event, reason])).toEqual([
      ['enrollment.issuer-unavailable', 'no route'],
    ]);
    minutesPass(1);
    await round();
    expect(sent()).toBe(4);
    minutesPass(2);
    await round();
    expect(sent()).toBe(9);
    expect(reported.map(({ kind }) => kind)).toEqual(['issuer-down', 'issuer-up']);
    expect(await house.stores.enrollments.certificates({}, now)).toHaveLength(5);
    expect((await house.enrollment.backlog.status()).waiting).toEqual([]);
  });

  test('beyond maxPending a request is sent away, its challenge untouched', async () => {
    await open({ profile: { maxPending: 3 } });
    answers(...Array.from({ length: 3 }, () => down));
    for (const transactionId of ['T1', 'T2', 'T3'])
      await house.enrollment.enroll(await newRequest(transactionId));
    await expect(house.enrollment.enroll(await newRequest('T4'))).rejects.toMatchObject({
      code: 'enrollment.pending-limit',
    });
    expect((await uses()).filter((count) => count > 0)).toHaveLength(3);
  });

  test('nor may more wait than that for a CA that takes everything under submission', async () => {
    ca = await distantCa({ asksItsManager: true });
    await open({ profile: { maxPending: 2 } });
    for (const transactionId of ['T1', 'T2'])
      expect(await house.enrollment.enroll(await newRequest(transactionId))).toEqual(pending);
    await expect(house.enrollment.enroll(await newRequest('T3'))).rejects.toMatchObject({
      code: 'enrollment.pending-limit',
    });
    expect([sent(), (await uses()).filter((count) => count > 0).length]).toEqual([2, 2]);
    await ca.decide(true);
    minutesPass(5);
    await round();
    expect(await house.enrollment.enroll(await newRequest('T3'))).toEqual(pending);
  });

  test('a clock that is set back leaves the CA alone no longer than before', async () => {
    await open();
    answers({ ...down, mend: 'Correct the password of the issuer.' });
    expect(await house.enrollment.enroll(await newRequest())).toEqual(pending);
    minutesPass(-24 * 60);
    expect((await house.enrollment.enroll(await newRequest('T2'))).kind).toBe('issued');
  });

  test('a refused login opens the breaker at once, for the longest wait: an account locks', async () => {
    await open();
    answers({ ...down, detail: '401', mend: 'Correct the password of the issuer.' });
    await house.enrollment.enroll(await newRequest());
    expect(reported).toMatchObject([
      { kind: 'issuer-down', health: { mend: 'Correct the password of the issuer.' } },
    ]);
    minutesPass(9);
    await round();
    expect(sent()).toBe(1);
    minutesPass(2);
    await round();
    expect(sent()).toBe(2);
  });

  test('what no CA has seen is dropped in the end, and the challenge given back', async () => {
    await open();
    answers(...Array.from({ length: 50 }, () => down));
    const request = await newRequest();
    await house.enrollment.enroll(request);
    minutesPass(25 * 60);
    await round();
    expect(reported.filter(({ kind }) => kind === 'overdue')).toMatchObject([
      { profile: 'default', text: expect.stringContaining('1 request waits (authorized)') },
    ]);
    minutesPass(7 * 24 * 60);
    await round();
    expect(await row()).toBeUndefined();
    expect([await uses(), (await trail())[0]]).toEqual([[0], 'enrollment.dropped']);
    expect(reported.filter(({ kind }) => kind === 'dropped')).toMatchObject([
      { correlationId: expect.stringMatching(/^backlog-.{8}$/) },
    ]);
  });

  test('so is what waits for a profile that is gone, and it keeps nobody else’s place', async () => {
    await open();
    answers(...Array.from({ length: 300 }, () => down));
    await house.enrollment.enroll({ ...(await newRequest('T0')), profile: 'other' });
    await house.enrollment.enroll(await newRequest('T1'));
    await open({ only: true });
    minutesPass(8 * 24 * 60);
    await round();
    expect(await row()).toBeUndefined();
    expect(await uses()).toEqual([0, 0]);
    expect(reported.flatMap((event) => (event.kind === 'dropped' ? event.profile : []))).toEqual([
      'other',
      'default',
    ]);
  });

  test('what an administrator approved after weeks is not dropped for its age', async () => {
    await open({ profile: { approval: 'manual' } });
    const request = await newRequest();
    expect(await house.enrollment.enroll(request)).toEqual(pending);
    minutesPass(20 * 24 * 60);
    answers(down);
    await house.approve();
    await round();
    expect((await row())?.state).toEqual({ kind: 'approved', approver: 'alice' });
    minutesPass(2 * 60);
    await round();
    expect((await house.enrollment.poll(request)).kind).toBe('issued');
  });
});

describe('outage: retry-later', () => {
  const retryLater = { profile: { outage: 'retry-later' } } as const;

  test('503 with Retry-After, and nothing kept', async () => {
    await open(retryLater);
    answers({ ...down, retryAfterSeconds: 77 });
    const request = await newRequest();
    expect(await house.enrollment.enroll(request)).toEqual({
      kind: 'unavailable',
      retryAfterSeconds: 77,
    });
    expect([await row(), await uses()]).toEqual([undefined, [0]]);
    expect(await house.enrollment.enroll(request)).toEqual({
      kind: 'unavailable',
      retryAfterSeconds: 77,
    });
    expect(sent()).toBe(1);
    minutesPass(2);
    expect((await house.enrollment.enroll(request)).kind).toBe('issued');
  });

  test('a challenge is not open again before its transaction is gone', async () => {
    await open(retryLater);
    answers(down);
    const request = await newRequest();
    const broken = new Error('the database is gone');
    const abandon = jest.spyOn(house.stores.enrollments, 'abandon').mockRejectedValueOnce(broken);
    await expect(house.enrollment.enroll(request)).rejects.toBe(broken);
    // A write that comes after all others.
    await house.challenge();
    expect(await uses()).toEqual([0, 1]);
    abandon.mockRestore();
  });

  test('what another process answered meanwhile stays spent', async () => {
    await open(retryLater);
    answers(down);
    const abandon = jest.spyOn(house.stores.enrollments, 'abandon').mockResolvedValueOnce(false);
    await house.enrollment.enroll(await newRequest());
    expect(await uses()).toEqual([1]);
    abandon.mockRestore();
  });

  test('a CA that says to come again in years is not taken at its word', async () => {
    await open(retryLater);
    answers({ ...down, retryAfterSeconds: 999_999_999 });
    expect(await house.enrollment.enroll(await newRequest())).toEqual({
      kind: 'unavailable',
      retryAfterSeconds: 3600,
    });
  });

  test('what may have arrived is kept all the same', async () => {
    await open(retryLater);
    answers(lost);
    const request = await newRequest();
    const again = { kind: 'unavailable', retryAfterSeconds: 30 };
    expect(await house.enrollment.enroll(request)).toEqual(again);
    expect(await house.enrollment.enroll(request)).toEqual(again);
    expect([sent(), await uses()]).toEqual([1, [1]]);
    expect((await row())?.state.kind).toBe('in-doubt');
  });
});

describe('a submission whose outcome nobody knows', () => {
  test('is never sent again by itself, and an operator is told once', async () => {
    await open();
    answers(lost);
    const request = await newRequest();
    expect(await house.enrollment.enroll(request)).toEqual(pending);
    for (let n = 0; n < 10; n++) {
      minutesPass(24 * 60);
      await round();
      expect(await house.enrollment.enroll(request)).toEqual(pending);
    }
    expect(sent()).toBe(1);
    expect(reported.filter(({ kind }) => kind === 'in-doubt')).toMatchObject([
      {
        issuer: 'distant',
        text: expect.stringContaining('pending retry or drop'),
        correlationId: request.client.correlationId,
      },
    ]);
  });

  test('a CA that can be asked is asked, until it answers', async () => {
    ca = await distantCa({ reconciles: true });
    await open();
    const ask = ca.issuer.reconcile!;
    const whenUp = ca.issuer.onSubmit;
    ca.issuer.onSubmit = async (request) => {
      await whenUp(request);
      return lost;
    };
    ca.issuer.reconcile = () => Promise.resolve({ kind: 'unavailable', detail: 'still down' });
    const request = await newRequest();
    expect(await house.enrollment.enroll(request)).toEqual(pending);
    minutesPass(1);
    await round();
    expect((await row())?.errand).toMatchObject({ attempts: 1, problem: 'still down' });
    ca.issuer.reconcile = ask;
    minutesPass(20);
    await round();
    expect((await house.enrollment.poll(request)).kind).toBe('issued');
    expect(sent()).toBe(1);
  });

  test('an exception of an issuer is no proof that nothing was sent', async () => {
    await open();
    ca.issuer.onSubmit = () => Promise.reject(new Error('socket hang up'));
    expect(await house.enrollment.enroll(await newRequest())).toEqual(pending);
    expect(await row()).toMatchObject({
      state: { kind: 'in-doubt', issuer: 'distant' },
      errand: { dueAt: undefined, problem: 'Error: socket hang up' },
    });
  });

  test('a CA whose answer settles nothing leaves it to an operator', async () => {
    ca = await distantCa({ reconciles: true });
    await open();
    answers(lost);
    ca.issuer.reconcile = () => Promise.resolve({ kind: 'undecidable', detail: 'no such table' });
    await house.enrollment.enroll(await newRequest());
    minutesPass(1);
    await round();
    expect((await row())?.errand).toMatchObject({ dueAt: undefined, problem: 'no such table' });
    expect(reported.map(({ kind }) => kind)).toContain('in-doubt');
  });
});

describe('the operator', () => {
  test('retries what is in doubt, with the risk said', async () => {
    await open();
    answers(lost);
    const request = await newRequest();
    await house.enrollment.enroll(request);
    expect(await house.decide('retry')).toContain('two certificates');
    await round();
    expect((await house.enrollment.poll(request)).kind).toBe('issued');
    expect(await trail()).toEqual([
      'enrollment.issued',
      'enrollment.retried',
      'enrollment.in-doubt',
    ]);
    expect(await uses()).toEqual([1]);
  });

  test('drops it: the device is refused, its challenge spent', async () => {
    await open();
    answers(lost);
    const request = await newRequest();
    await house.enrollment.enroll(request);
    expect(await house.decide('drop')).toContain('revoke that there');
    expect(await house.enrollment.poll(request)).toMatchObject({
      kind: 'rejected',
      code: 'enrollment.denied',
    });
    expect([await row(), await uses()]).toEqual([undefined, [1]]);
    await expect(house.decide('drop')).rejects.toMatchObject({ code: 'cli.not-found' });
  });

  test('cannot take what is being sent', async () => {
    await open();
    let answer: (outcome: IssuanceOutcome) => void = () => undefined;
    const reached = new Promise<void>((resolve) => {
      ca.issuer.onSubmit = () => {
        resolve();
        return new Promise((settle) => (answer = settle));
      };
    });
    const enrolled = house.enrollment.enroll(await newRequest());
    await reached;
    await expect(house.decide('retry')).rejects.toThrow('works on this request now');
    answer(down);
    expect(await enrolled).toEqual(pending);
  });

  test('asks after a request under submission at once, or sends it anew in so many words', async () => {
    ca = await distantCa({ asksItsManager: true });
    await open();
    await house.enrollment.enroll(await newRequest());
    expect(await house.decide('retry')).toBe('distant is asked for request 0 now.');
    await round();
    expect(sent()).toBe(1);
    expect(await house.decide('retry', true)).toContain('Request 0 stays at distant');
    await round();
    expect(sent()).toBe(2);
    expect((await row())?.state).toMatchObject({ kind: 'submitted', requestId: '1' });
  });

  test('has nothing to say to what waits for approval', async () => {
    await open({ profile: { approval: 'manual' } });
    await house.enrollment.enroll(await newRequest());
    await expect(house.decide('drop')).rejects.toThrow('is waiting for a CA');
  });
});

describe('under submission', () => {
  beforeEach(async () => {
    ca = await distantCa({ asksItsManager: true });
  });

  test('a poll retrieves by request id', async () => {
    await open();
    const request = await newRequest();
    expect(await house.enrollment.enroll(request)).toEqual(pending);
    expect(await house.enrollment.poll(request)).toEqual(pending);
    await ca.decide(true);
    expect((await house.enrollment.poll(request)).kind).toBe('issued');
    expect(sent()).toBe(1);
  });

  test('the answer is there without anybody asking, and nothing is asked twice a minute', async () => {
    await open();
    let asked = 0;
    const retrieve = ca.issuer.onRetrieve;
    ca.issuer.onRetrieve = (id) => {
      asked += 1;
      return retrieve(id);
    };
    const request = await newRequest();
    await house.enrollment.enroll(request);
    for (let second = 0; second < 600; second += 2) {
      now = new Date(now.getTime() + 2000);
      await round();
    }
    expect(asked).toBeGreaterThan(2);
    expect(asked).toBeLessThan(8);
    await ca.decide(true);
    minutesPass(30);
    await round();
    expect(await house.stores.enrollments.certificates({}, now)).toHaveLength(1);
    expect((await house.enrollment.poll(request)).kind).toBe('issued');
  });

  test('denied is final, with the HRESULT of the CA', async () => {
    await open();
    const request = await newRequest();
    await house.enrollment.enroll(request);
    await ca.decide(false);
    minutesPass(1);
    await round();
    const refusal = {
      kind: 'rejected',
      code: 'issuer.refused',
      text: 'The CA refused.',
      hresult: 0x80094014,
    };
    expect(await house.enrollment.poll(request)).toEqual(refusal);
    expect(await house.enrollment.enroll(request)).toEqual(refusal);
    const [{ reason } = { reason: undefined }] = await house.stores.enrollments.audit({
      transactionId: 'T1',
    });
    expect(reason).toBe('0x80094014: denied by an officer');
    expect(await uses()).toEqual([1]);
  });

  test('a CA that does not answer a question is no failure', async () => {
    await open();
    const request = await newRequest();
    await house.enrollment.enroll(request);
    ca.issuer.onRetrieve = () => Promise.resolve({ ...down, detail: '503' });
    expect(await house.enrollment.poll(request)).toEqual(pending);
    minutesPass(1);
    await round();
    expect((await row())?.errand).toMatchObject({ attempts: 1, problem: '503' });
  });

  test('stays with the issuer that has it, even when the profile has another', async () => {
    await open();
    const request = await newRequest();
    await house.enrollment.enroll(request);
    const other = await distantCa({ name: 'other' });
    await open({ issuer: other.issuer });
    minutesPass(1);
    await round();
    expect(await house.enrollment.poll(request)).toEqual(pending);
    expect(other.issuer.submissions).toEqual([]);
    expect((await row())?.state).toMatchObject({ issuer: 'distant', requestId: '0' });
    await ca.decide(true);
    await open();
    expect((await house.enrollment.poll(request)).kind).toBe('issued');
  });

  test('is asked for by the identity that made it only', async () => {
    Object.assign(ca.issuer, { identity: 'EXAMPLE\\svc-old' });
    await open();
    const request = await newRequest();
    await house.enrollment.enroll(request);
    Object.assign(ca.issuer, { identity: 'EXAMPLE\\svc-new' });
    await ca.decide(true);
    minutesPass(1);
    await round();
    expect(await house.enrollment.poll(request)).toEqual(pending);
    expect((await row())?.errand?.problem).toContain('submitted as EXAMPLE\\svc-old');
    expect(reported.map(({ kind }) => kind)).toEqual(['stranded']);
    Object.assign(ca.issuer, { identity: 'EXAMPLE\\svc-old' });
    expect((await house.enrollment.poll(request)).kind).toBe('issued');
  });
});

describe('standby issuers', () => {
  let standby: DistantCa;

  beforeEach(async () => {
    standby = await distantCa({ name: 'standby' });
  });

  test('take over when the first received nothing, and the record says who issued', async () => {
    await open({ standbys: [standby.issuer] });
    answers(down);
    const certificate = issuedCertificate(await house.enrollment.enroll(await newRequest()));
    const [record] = await house.stores.enrollments.certificates({}, now);
    expect([record?.issuer, record?.serial]).toEqual(['standby', certificate.serial]);
    expect([sent(), standby.issuer.submissions.length]).toEqual([1, 1]);
  });

  test('never take over what the first may have received', async () => {
    await open({ standbys: [standby.issuer] });
    answers(lost);
    expect(await house.enrollment.enroll(await newRequest())).toEqual(pending);
    minutesPass(60);
    await round();
    expect(standby.issuer.submissions).toEqual([]);
  });

  test('nor what the first refused', async () => {
    await open({ standbys: [standby.issuer] });
    answers({ kind: 'refused', text: 'No.', detail: 'template' });
    expect(await house.enrollment.enroll(await newRequest())).toMatchObject({ text: 'No.' });
    expect(standby.issuer.submissions).toEqual([]);
  });

  test('are the first that is asked while the breaker of the other is open', async () => {
    await open({ standbys: [standby.issuer] });
    answers(...Array.from({ length: 20 }, () => down));
    for (const id of ['T1', 'T2', 'T3', 'T4', 'T5'])
      expect((await house.enrollment.enroll(await newRequest(id))).kind).toBe('issued');
    expect([sent(), standby.issuer.submissions.length]).toEqual([3, 5]);
  });

  test('of another CA are never asked', async () => {
    const foreign = await ScriptedIssuer.create({
      name: 'foreign',
      remote: true,
      subject: 'CN=Foreign CA',
    });
    await open({ standbys: [foreign] });
    answers(down);
    expect(await house.enrollment.enroll(await newRequest())).toEqual(pending);
    expect(foreign.submissions).toEqual([]);
  });
});

describe('several processes on one store', () => {
  test('send what is queued once, and ask after what is submitted one at a time', async () => {
    ca = await distantCa({ asksItsManager: true });
    const first = await open();
    answers(down, down, down);
    for (const id of ['T1', 'T2', 'T3', 'T4', 'T5', 'T6'])
      await first.enrollment.enroll(await newRequest(id));
    const second = await open();
    const third = await open();
    const all = [first, second, third];
    const before = sent();
    let asked = 0;
    const retrieve = ca.issuer.onRetrieve;
    ca.issuer.onRetrieve = (id) => {
      asked += 1;
      return retrieve(id);
    };
    minutesPass(5);
    await Promise.all(all.map(({ enrollment }) => enrollment.backlog.round()));
    await Promise.all(all.map(({ enrollment }) => enrollment.backlog.round()));
    expect(sent() - before).toBe(6);
    minutesPass(1);
    await Promise.all(all.map(({ enrollment }) => enrollment.backlog.round()));
    expect(asked).toBe(6);
  });

  test('a device that asks another process while one sends is told to wait', async () => {
    const first = await open();
    let answer: (outcome: IssuanceOutcome) => void = () => undefined;
    const reached = new Promise<void>((resolve) => {
      ca.issuer.onSubmit = () => {
        resolve();
        return new Promise((settle) => (answer = settle));
      };
    });
    const request = await newRequest();
    const enrolled = first.enrollment.enroll(request);
    await reached;
    await open();
    expect(await house.enrollment.enroll(request)).toEqual(pending);
    await round();
    expect(sent()).toBe(1);
    answer(await ca.issuer.issue(ca.issuer.submissions[0]!.request));
    expect((await enrolled).kind).toBe('issued');
    expect((await house.enrollment.enroll(request)).kind).toBe('issued');
  });

  test('an answer that comes after another process gave the sender up is recorded all the same', async () => {
    const first = await open();
    let answer: (outcome: IssuanceOutcome) => void = () => undefined;
    const reached = new Promise<void>((resolve) => {
      ca.issuer.onSubmit = () => {
        resolve();
        return new Promise((settle) => (answer = settle));
      };
    });
    const request = await newRequest();
    const enrolled = first.enrollment.enroll(request);
    await reached;
    minutesPass(10);
    await open();
    await round();
    expect((await row())?.state.kind).toBe('in-doubt');
    answer(await ca.issuer.issue(ca.issuer.submissions[0]!.request));
    expect((await enrolled).kind).toBe('issued');
    expect((await house.enrollment.enroll(request)).kind).toBe('issued');
  });

  test('an answer nobody needs any more is told to the operator, who has to revoke it', async () => {
    const first = await open();
    let answer: (outcome: IssuanceOutcome) => void = () => undefined;
    const reached = new Promise<void>((resolve) => {
      ca.issuer.onSubmit = () => {
        resolve();
        return new Promise((settle) => (answer = settle));
      };
    });
    const request = await newRequest();
    const enrolled = first.enrollment.enroll(request);
    await reached;
    minutesPass(10);
    await open();
    await round();
    await house.decide('drop');
    answer(await ca.issuer.issue(ca.issuer.submissions[0]!.request));
    expect(await enrolled).toMatchObject({ kind: 'rejected', code: 'enrollment.denied' });
    expect((await trail())[0]).toBe('enrollment.unrecorded');
    expect(reported.at(-1)).toMatchObject({ kind: 'unrecorded', issuer: 'distant' });
  });
});

describe('approval', () => {
  test('of a request for a distant CA: the gateway submits it without waiting for the device', async () => {
    await open({ profile: { approval: 'manual' } });
    const request = await newRequest();
    expect(await house.enrollment.enroll(request)).toEqual(pending);
    await house.approve();
    await round();
    expect(sent()).toBe(1);
    expect(ca.issuer.submissions[0]?.authorization.ground).toEqual({
      by: 'approval',
      approver: 'alice',
    });
    expect((await house.enrollment.poll(request)).kind).toBe('issued');
  });

  test('survives an outage and a doubt', async () => {
    ca = await distantCa({ reconciles: true });
    await open({ profile: { approval: 'manual', outage: 'retry-later' } });
    answers(down, lost);
    const request = await newRequest();
    await house.enrollment.enroll(request);
    await house.approve();
    await round();
    expect((await row())?.state).toEqual({ kind: 'approved', approver: 'alice' });
    minutesPass(1);
    await round();
    minutesPass(1);
    await round();
    expect((await house.enrollment.poll(request)).kind).toBe('issued');
    const grounds = ca.issuer.submissions.map(({ authorization }) => authorization.ground.by);
    expect(grounds).toEqual(['approval', 'approval', 'approval']);
    const [issued] = await house.stores.enrollments.audit({ transactionId: 'T1' });
    expect([issued?.event, issued?.actor]).toEqual(['enrollment.issued', 'alice']);
  });

  test('of a request for the embedded CA is carried out in the background too', async () => {
    await open({ profile: { approval: 'manual' }, issuer: await ScriptedIssuer.create() });
    const request = await newRequest();
    await house.enrollment.enroll(request);
    await house.approve();
    await round();
    expect(await house.stores.enrollments.certificates({}, now)).toHaveLength(1);
    expect((await house.enrollment.poll(request)).kind).toBe('issued');
  });
});

describe('what was configured otherwise since then', () => {
  test('a profile that is gone leaves its requests visible', async () => {
    await open();
    answers(down);
    const other = { ...(await newRequest()), profile: 'other' };
    expect(await house.enrollment.enroll(other)).toEqual(pending);
    await open({ profile: { name: 'default' }, only: true });
    minutesPass(10);
    await round();
    expect((await row())?.key.profile).toBe('other');
    expect(sent()).toBe(1);
  });
});
