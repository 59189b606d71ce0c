import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { certificationRequest } from '../support/certificates.js';
import type { TestGateway } from '../support/gateway.js';
import { testKey, type TestKeyName } from '../support/keys.js';
import { testDevice } from '../support/pki-message.js';
import { issued, postMessage, refused, toldBy, type Told } from './answer.js';
import { createMaker, staticSecret, subject, type Maker } from './maker.js';
import { challengeText } from './not-granted.js';
import { startTarget } from './profiles.js';

let gateway: TestGateway;
let make: Maker;
let now = new Date();

beforeAll(async () => {
  gateway = await startTarget(() => now);
  make = await createMaker();
});
afterAll(() => gateway.close());

interface Attempt {
  readonly challengePassword: string;
  readonly key?: TestKeyName;
  readonly subject?: string;
  readonly path?: string;
}

async function attempt({ key = 'client', path = '/scep', ...csr }: Attempt): Promise<Told> {
  const signer = await testDevice(key);
  const content = await certificationRequest(testKey(key), { subject, ...csr });
  return toldBy(
    await postMessage(gateway.port, await make.message({ signer, content }), path),
    gateway.ra,
  );
}

const challengeRefused = refused(challengeText);

async function auditReason(): Promise<string | undefined> {
  const [latest] = await gateway.installation.data.enrollments.audit({ limit: 1 });
  return latest?.reason;
}

describe('a challenge that does not open, and why by the audit record alone', () => {
  test('unknown', async () => {
    expect(await attempt({ challengePassword: '0123456789ABCDEF' })).toEqual(challengeRefused);
    expect(await auditReason()).toBe('challenge unknown');
  });

  test('spent by another device', async () => {
    const challengePassword = await gateway.challenge();
    expect(await attempt({ challengePassword })).toEqual(issued);
    expect(await attempt({ challengePassword, key: 'client-2' })).toEqual(challengeRefused);
    expect(await auditReason()).toBe('challenge used');
  });

  test('spent by the same device in another transaction', async () => {
    const challengePassword = await gateway.challenge();
    expect(await attempt({ challengePassword })).toEqual(issued);
    expect(await attempt({ challengePassword })).toEqual(challengeRefused);
  });

  test('bound to another subject, and still open for the right one', async () => {
    const binding = { subject: 'CN=device-2,O=Example' };
    const challengePassword = await gateway.challenge({ binding });
    expect(await attempt({ challengePassword })).toEqual(challengeRefused);
    expect(await auditReason()).toBe(
      'challenge binding: bound to subject CN=device-2,O=Example, used for CN=device-1,O=Example',
    );
    expect(await attempt({ challengePassword, ...binding })).toEqual(issued);
  });

  test('bound to another key', async () => {
    const challengePassword = await gateway.challenge({
      binding: { key: testKey('client-2').publicKey.id },
    });
    expect(await attempt({ challengePassword })).toEqual(challengeRefused);
    expect(await attempt({ challengePassword, key: 'client-2' })).toEqual(issued);
  });

  test('bound to another requester', async () => {
    const challengePassword = await gateway.challenge({ binding: { requester: '192.0.2.0/24' } });
    expect(await attempt({ challengePassword })).toEqual(challengeRefused);
    expect(await auditReason()).toBe(
      'challenge binding: bound to requester 192.0.2.0/24, used from 127.0.0.1',
    );
  });

  test('of another profile', async () => {
    const challengePassword = await gateway.challenge({ binding: { profile: 'other' } });
    expect(await attempt({ challengePassword })).toEqual(challengeRefused);
    expect(await attempt({ challengePassword, path: '/scep/other' })).toEqual(issued);
  });

  test('the static one of another profile', async () => {
    expect(await attempt({ challengePassword: staticSecret })).toEqual(challengeRefused);
    expect(await auditReason()).toBe('challenge unknown');
  });

  test('expired', async () => {
    const challengePassword = await gateway.challenge({ validityMinutes: 1 });
    now = new Date(now.getTime() + 60_000);
    expect(await attempt({ challengePassword })).toEqual(challengeRefused);
    expect(await auditReason()).toBe('challenge expired');
  });

  test('revoked', async () => {
    const challengePassword = await gateway.challenge();
    const { challenges } = gateway.installation.data;
    const [latest] = await challenges.list({ limit: 1 });
    expect(await challenges.revoke(latest!.id)).toBe(true);
    expect(await attempt({ challengePassword })).toEqual(challengeRefused);
    expect(await auditReason()).toBe('challenge revoked');
  });
});
