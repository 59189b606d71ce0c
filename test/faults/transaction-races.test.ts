import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  deviceRequest,
  issuedCertificate,
  openInstallation,
  type Installation,
  type InstallationOptions,
} from './installation.js';

let directory: string;
let file = 0;
let path: string;
let house: Installation;
let now: Date;
const openToAnyone = { openToAnyone: true, dynamicChallenges: false, staticChallenges: false };

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'races-'));
});
afterAll(() => rmSync(directory, { recursive: true }));
beforeEach(() => {
  path = join(directory, `${++file}.db`);
  now = new Date('2026-06-01T12:00:00Z');
});
afterEach(() => house.stores.close());

async function open(options: InstallationOptions = {}): Promise<void> {
  house = await openInstallation(path, { clock: () => now, ...options });
}

const certificates = () => house.stores.enrollments.certificates({}, now);

/** Resolves when the issuer holds a request, which it answers when told to. */
function heldIssuer(): { readonly reached: Promise<void>; answer: () => void } {
  const gate: { answer: () => void } = { answer: () => undefined };
  const reached = new Promise<void>((resolve) => {
    house.issuer.onSubmit = async (request) => {
      resolve();
      await new Promise<void>((answer) => (gate.answer = answer));
      return house.issuer.issue(request);
    };
  });
  return { reached, answer: () => gate.answer() };
}

describe('two requests of one device in one transaction', () => {
  test('another CSR does not pull the transaction from under the one in work', async () => {
    await open({ profile: openToAnyone });
    const { reached, answer } = heldIssuer();
    const first = house.enrollment.enroll(await deviceRequest({ subject: 'CN=device-1' }));
    await reached;
    const second = house.enrollment.enroll(await deviceRequest({ subject: 'CN=device-1,O=New' }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    house.issuer.onSubmit = (request) => house.issuer.issue(request);
    answer();
    expect(issuedCertificate(await first).subject.text).toBe('CN=device-1');
    expect((await second).kind).toBe('issued');
  });

  test('a poll while the request is in work does not submit it again', async () => {
    await open();
    const { reached, answer } = heldIssuer();
    const request = await deviceRequest({ challengePassword: await house.challenge() });
    const enrolled = house.enrollment.enroll(request);
    await reached;
    const polled = house.enrollment.poll(request);
    await new Promise((resolve) => setTimeout(resolve, 50));
    answer();
    const certificate = issuedCertificate(await enrolled);
    expect(issuedCertificate(await polled).der.equals(certificate.der)).toBe(true);
    expect(house.issuer.submissions).toHaveLength(1);
  });

  test('PKCSReq and RenewalReq of one CSR at once make one certificate', async () => {
    await open();
    const enrolled = await deviceRequest({ challengePassword: await house.challenge() });
    const signer = issuedCertificate(await house.enrollment.enroll(enrolled));
    const renewal = await deviceRequest({ signer, transactionId: 'T2' });
    const outcomes = await Promise.all([
      house.enrollment.enroll({ ...renewal, intent: 'any' }),
      house.enrollment.enroll({ ...renewal, intent: 'renewal' }),
    ]);
    expect(new Set(outcomes.map((outcome) => issuedCertificate(outcome).serial)).size).toBe(1);
    expect(house.issuer.submissions).toHaveLength(2);
  });

  test('another process that took the transaction over is no fault of ours', async () => {
    await open({ profile: openToAnyone });
    const { reached, answer } = heldIssuer();
    const first = house.enrollment.enroll(await deviceRequest());
    await reached;
    const elsewhere = await openInstallation(path, { clock: () => now, profile: openToAnyone });
    const other = await elsewhere.enrollment.enroll(await deviceRequest({ subject: 'CN=x' }));
    answer();
    expect(other.kind).toBe('issued');
    expect(await first).toEqual({ kind: 'unavailable', retryAfterSeconds: 5 });
    await elsewhere.stores.close();
    expect(await certificates()).toHaveLength(1);
  });
});

describe('a spent challenge stays spent', () => {
  test('when the transaction it opened is replaced and the replacement comes to nothing', async () => {
    await open();
    const [first, second] = [await house.challenge(), await house.challenge()];
    const enrolled = await deviceRequest({ challengePassword: first });
    issuedCertificate(await house.enrollment.enroll(enrolled));
    house.issuer.onSubmit = () =>
      Promise.resolve({ kind: 'unavailable', submission: 'none', detail: 'down' });
    const replacing = await deviceRequest({ challengePassword: second });
    expect((await house.enrollment.enroll(replacing)).kind).toBe('unavailable');
    house.issuer.onSubmit = (request) => house.issuer.issue(request);
    expect(await house.enrollment.enroll(enrolled)).toMatchObject({ code: 'challenge.refused' });
    expect((await house.enrollment.enroll(replacing)).kind).toBe('issued');
    expect(await certificates()).toHaveLength(2);
  });

  test('when the request it opened was replaced before anything was issued', async () => {
    await open({ profile: { approval: 'manual' } });
    const [first, second] = [await house.challenge(), await house.challenge()];
    await house.enrollment.enroll(await deviceRequest({ challengePassword: first }));
    await house.enrollment.enroll(await deviceRequest({ challengePassword: second }));
    expect(await house.stores.enrollments.pending({})).toHaveLength(1);
    const stranger = { key: 'client-2', transactionId: 'T2', challengePassword: first } as const;
    expect(await house.enrollment.enroll(await deviceRequest(stranger))).toMatchObject({
      code: 'challenge.refused',
    });
    now = new Date(now.getTime() + 48 * 3_600_000);
    expect(await house.challenges.prune()).toBe(1);
  });
});

describe('a renewal that was interrupted', () => {
  test('is not taken up again once the old certificate is revoked', async () => {
    await open();
    const enrolled = await deviceRequest({ challengePassword: await house.challenge() });
    const signer = issuedCertificate(await house.enrollment.enroll(enrolled));
    const renewal = await deviceRequest({ signer, intent: 'renewal', transactionId: 'T2' });
    house.issuer.onSubmit = () => Promise.reject(new Error('the process died here'));
    await expect(house.enrollment.enroll(renewal)).rejects.toThrow('died');
    await house.stores.enrollments.revoke(signer.thumbprints.sha256, 1, {
      at: now,
      event: 'certificate.revoked',
      correlationId: 'TEST',
      outcome: 'ok',
      profile: undefined,
      transactionId: undefined,
      challengeId: undefined,
      subject: undefined,
      keyId: undefined,
      clientAddress: undefined,
      actor: 'test',
      code: undefined,
      reason: undefined,
    });
    house.issuer.onSubmit = (request) => house.issuer.issue(request);
    expect(await house.enrollment.enroll(renewal)).toMatchObject({ code: 'renewal.refused' });
    expect(await house.enrollment.poll(renewal)).toMatchObject({ kind: 'rejected' });
    expect(await certificates()).toHaveLength(1);
  });
});
