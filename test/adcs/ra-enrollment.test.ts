import { beforeEach, describe, expect, test } from '@jest/globals';
import { enrollRa, openWebEnrollmentIssuer } from '../../src/adcs/index.js';
import { keepRaFresh } from '../../src/gateway/ra-upkeep.js';
import type { LocalAuthority } from '../../src/issuer/index.js';
import type { WebOutcome } from '../../src/web-client/index.js';
import { Site } from '../issuer/local/authority-fixture.js';
import { FakeCa } from './certsrv/fake-ca.js';
import { certsrvPage } from './certsrv/pages.js';

let ca: FakeCa;
let site: Site;
let ra: LocalAuthority;
let isDown: boolean;

beforeEach(async () => {
  ca = await FakeCa.create();
  ca.templates.set('EnrollmentAgentOffline', { does: 'issue' });
  ca.templates.set('CEPEncryption', { does: 'issue' });
  site = new Site();
  site.now = new Date();
  ra = await site.open();
  isDown = false;
});

async function enroll() {
  const issuer = await openWebEnrollmentIssuer({
    name: 'corp',
    client: {
      send: async ({ method, path, body = Buffer.alloc(0) }): Promise<WebOutcome> => {
        if (isDown) return { kind: 'unreachable', phase: 'connect', reason: 'refused' };
        const request = { method, target: path, body, userAgent: 'Mozilla', user: 'LAB\\svc' };
        const answer = await certsrvPage(ca, request);
        return { kind: 'answered', status: answer.status, headers: {}, body: answer.body };
      },
    },
    directory: '/certsrv/',
    identity: 'LAB\\svc',
    templates: { signature: 'Phones', encryption: 'Phones', generalPurpose: 'Phones' },
    attributes: [],
    chain: undefined,
    pins: [],
    state: { get: () => Promise.resolve(undefined), set: () => Promise.resolve() },
    report: () => undefined,
    clock: () => new Date(),
  });
  const templates = { signing: 'EnrollmentAgentOffline', encryption: 'CEPEncryption' };
  return enrollRa(ra.raKeeper, issuer, templates);
}

describe('ra enroll', () => {
  test('brings both certificates from the templates of NDES', async () => {
    expect(await enroll()).toMatchObject({ kind: 'installed', status: { origin: 'enrolled' } });
    expect(ca.requests.map(({ template }) => template)).toEqual([
      'EnrollmentAgentOffline',
      'CEPEncryption',
    ]);
    const issuers = ra.registrationAuthority('ra').certificates.map(({ issuer }) => issuer.text);
    expect(issuers).toEqual([ca.certificate.subject.text, ca.certificate.subject.text]);
  });

  test('waits for a certificate manager, and asks for nothing twice', async () => {
    ca.templates.set('CEPEncryption', { does: 'wait' });
    const before = ra.registrationAuthority('ra').certificates;
    expect(await enroll()).toEqual({ kind: 'pending', requestIds: ['82'] });
    expect(await enroll()).toEqual({ kind: 'pending', requestIds: ['82'] });
    expect(ra.registrationAuthority('ra').certificates).toEqual(before);
    await ca.issue(82);
    expect(await enroll()).toMatchObject({ kind: 'installed' });
    expect(ca.requests).toHaveLength(2);
  });

  test('says what the CA refused, and asks with the same keys once that is mended', async () => {
    ca.templates.delete('CEPEncryption');
    expect(await enroll()).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('CERTSRV_E_UNSUPPORTED_CERT_TYPE'),
    });
    const waiting = ra.raKeeper.status().requests;
    expect(waiting.map(({ requestId }) => requestId)).toEqual(['81', undefined]);
    ca.templates.set('CEPEncryption', { does: 'issue' });
    expect(await enroll()).toMatchObject({ kind: 'installed' });
    const keys = ra.registrationAuthority('ra').certificates.map(({ publicKey }) => publicKey.id);
    expect(keys).toEqual(waiting.map(({ keyId }) => keyId));
  });

  test('keeps its requests while the CA is down', async () => {
    isDown = true;
    expect(await enroll()).toMatchObject({ kind: 'unavailable' });
    const waiting = ra.raKeeper.status().requests;
    isDown = false;
    expect(await enroll()).toMatchObject({ kind: 'installed' });
    expect(waiting).toHaveLength(2);
    expect(ca.requests).toHaveLength(2);
  });
});

describe('upkeep', () => {
  const fresh = (now: Date) => keepRaFresh(ra.raKeeper, enroll, now);
  const later = (days: number) => new Date(Date.now() + days * 86_400_000);

  test('warns of certificates that no CA issued, and asks for none unasked', async () => {
    expect((await fresh(new Date())).map(({ code }) => code)).toEqual(['ra.self-certified']);
    expect(ca.requests).toHaveLength(0);
  });

  test('renews enrolled ones with 30 days left', async () => {
    await enroll();
    expect(await fresh(later(300))).toEqual([]);
    expect((await fresh(later(340))).map(({ code }) => code)).toEqual(['ra.renewed']);
    expect(ca.requests).toHaveLength(4);
    expect(ra.raKeeper.status().replaced).toHaveLength(2);
  });

  test('asks after requests that wait', async () => {
    ca.templates.set('CEPEncryption', { does: 'wait' });
    await enroll();
    expect(await fresh(new Date())).toEqual([
      expect.objectContaining({ severity: 'warning', text: expect.stringContaining('request 82') }),
    ]);
    await ca.issue(82);
    expect((await fresh(new Date())).map(({ code }) => code)).toEqual(['ra.renewed']);
  });

  test('is loud when it cannot', async () => {
    await enroll();
    isDown = true;
    expect(await fresh(later(350))).toEqual([
      expect.objectContaining({ severity: 'error', code: 'ra.failed' }),
    ]);
  });
});
