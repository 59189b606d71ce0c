import { beforeEach, describe, expect, test } from '@jest/globals';
import { enrollRa, openCesIssuer, openWebEnrollmentIssuer } from '../../src/adcs/index.js';
import { keepRaFresh } from '../../src/gateway/ra-upkeep.js';
import type { LocalAuthority } from '../../src/issuer/index.js';
import type { WebOutcome } from '../../src/web-client/index.js';
import { Site } from '../issuer/local/authority-fixture.js';
import { answerTo } from './ces/service.js';
import { FakeCa } from './certsrv/fake-ca.js';
import { certsrvPage } from './certsrv/pages.js';

let ca: FakeCa;
let site: Site;
let ra: LocalAuthority;
let isDown: boolean;
/** Which interface of the CA is asked. */
let open: () => ReturnType<typeof openCesIssuer>;

beforeEach(async () => {
  ca = await FakeCa.create();
  ca.templates.set('EnrollmentAgentOffline', { does: 'issue' });
  ca.templates.set('CEPEncryption', { does: 'issue' });
  site = new Site();
  site.now = new Date();
  ra = await site.open();
  isDown = false;
  open = openPages;
});

const settings = {
  name: 'corp',
  identity: 'LAB\\svc',
  templates: { signature: 'Phones', encryption: 'Phones', generalPurpose: 'Phones' },
  attributes: [],
  pins: [],
  state: { get: () => Promise.resolve(undefined), set: () => Promise.resolve() },
  report: () => undefined,
  clock: () => new Date(),
};

function openPages() {
  return openWebEnrollmentIssuer({
    ...settings,
    client: {
      send: async ({ method, path, body = Buffer.alloc(0) }): Promise<WebOutcome> => {
        if (isDown) return { kind: 'unreachable', phase: 'connect', reason: 'refused' };
        const request = { method, target: path, body, userAgent: 'Mozilla', user: 'LAB\\svc' };
        const answer = await certsrvPage(ca, request);
        return { kind: 'answered', status: answer.status, headers: {}, body: answer.body };
      },
    },
    directory: '/certsrv/',
    chain: undefined,
  });
}

/** A CES that hands out certificates, and tells the id of no request. */
function openCesWithoutIds() {
  return openCesIssuer({
    ...settings,
    client: {
      send: async ({ body = Buffer.alloc(0) }): Promise<WebOutcome> => {
        if (isDown) return { kind: 'unreachable', phase: 'connect', reason: 'refused' };
        const said = await answerTo(ca, body.toString('utf8'), 'LAB\\svc');
        const text = said.body.toString().replace(/<RequestID [^/]*<\/RequestID>/, '');
        return { kind: 'answered', status: 200, headers: {}, body: Buffer.from(text) };
      },
    },
    url: 'https://ca1.lab.test/LAB-CA1-CA_CES_UsernamePassword/service.svc/CES',
    token: { user: 'LAB\\svc', password: 'x' },
    chain: [ca.certificate],
    submitMillis: 10_000,
  });
}

async function enroll() {
  const issuer = await open();
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

describe('ra enroll through a CES that tells no request id', () => {
  const keysInForce = () =>
    ra.registrationAuthority('ra').certificates.map(({ publicKey }) => publicKey.id);

  beforeEach(() => {
    open = openCesWithoutIds;
  });

  test('takes the certificates that it is given', async () => {
    expect(await enroll()).toMatchObject({ kind: 'installed', status: { origin: 'enrolled' } });
    expect(ca.requests).toHaveLength(2);
  });

  test('keeps one until the other is there, over a restart, and asks for nothing twice', async () => {
    ca.templates.delete('CEPEncryption');
    expect(await enroll()).toMatchObject({ kind: 'refused' });
    const waiting = ra.raKeeper.status().requests;
    expect(waiting.map(({ requestId }) => requestId)).toEqual([undefined, undefined]);
    expect(waiting.map(({ certificate }) => certificate?.publicKey.id)).toEqual([
      waiting[0]?.keyId,
      undefined,
    ]);
    ra = await site.open();
    expect(ra.raKeeper.status().requests).toEqual(waiting);
    ca.templates.set('CEPEncryption', { does: 'issue' });
    expect(await enroll()).toMatchObject({ kind: 'installed' });
    expect(ca.requests.map(({ template }) => template)).toEqual([
      'EnrollmentAgentOffline',
      'CEPEncryption',
      'CEPEncryption',
    ]);
    expect(keysInForce()).toEqual(waiting.map(({ keyId }) => keyId));
  });

  test('a wrong certificate is not taken', async () => {
    ca.wrongKey = 'client-2';
    expect(await enroll()).toMatchObject({
      kind: 'unavailable',
      detail: expect.stringContaining('is for another key than the request'),
    });
    expect(ra.raKeeper.status().requests).toMatchObject([
      { certificate: undefined },
      { certificate: undefined },
    ]);
  });

  test('renewals take theirs, too, and go on with the one that is missing', async () => {
    await enroll();
    const first = keysInForce();
    const due = new Date(Date.now() + 340 * 86_400_000);
    ca.templates.delete('CEPEncryption');
    expect((await keepRaFresh(ra.raKeeper, enroll, due)).map(({ code }) => code)).toEqual([
      'ra.failed',
    ]);
    expect(keysInForce()).toEqual(first);
    ca.templates.set('CEPEncryption', { does: 'issue' });
    expect((await keepRaFresh(ra.raKeeper, enroll, due)).map(({ code }) => code)).toEqual([
      'ra.renewed',
    ]);
    expect(ca.requests).toHaveLength(5);
    expect(keysInForce()).not.toEqual(first);
  });

  test('the running gateway goes on with a first enrollment that came half way', async () => {
    ca.templates.delete('CEPEncryption');
    await enroll();
    ca.templates.set('CEPEncryption', { does: 'issue' });
    expect((await keepRaFresh(ra.raKeeper, enroll, new Date())).map(({ code }) => code)).toEqual([
      'ra.renewed',
    ]);
    expect(ca.requests).toHaveLength(3);
  });
});

test('a certificate that comes with its id is not asked for again', async () => {
  const asked: string[] = [];
  const issuer = await openCesIssuer({
    ...settings,
    client: {
      send: async ({ body = Buffer.alloc(0) }): Promise<WebOutcome> => {
        const said = await answerTo(ca, body.toString('utf8'), 'LAB\\svc');
        asked.push(body.includes('QueryTokenStatus') ? 'query' : 'issue');
        return { kind: 'answered', status: 200, headers: {}, body: Buffer.from(said.body) };
      },
    },
    url: 'https://ca1.lab.test/LAB-CA1-CA_CES_UsernamePassword/service.svc/CES',
    token: undefined,
    chain: [ca.certificate],
    submitMillis: 10_000,
  });
  open = () => Promise.resolve(issuer);
  expect(await enroll()).toMatchObject({ kind: 'installed' });
  expect(asked).toEqual(['issue', 'issue']);
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
