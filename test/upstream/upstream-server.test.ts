import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { adminPageSource, adminPageOf } from '../../src/upstream/index.js';
import { isGatewayError } from '../../src/errors/index.js';
import { adminPage, encodePage, mscepPage } from '../../src/ndes/index.js';
import { certificateBundle } from '../../src/pkcs7/index.js';
import { issuedBy, selfSigned } from '../support/certificates.js';
import { testKey } from '../support/keys.js';
import { impatient, reach, startUpstream, type Upstream } from './upstream-fixture.js';

let upstream: Upstream;
beforeEach(async () => {
  upstream = await startUpstream();
});
afterEach(() => upstream.close());

describe('GetCACaps and GetCACert', () => {
  test('are asked once and shown as they came', async () => {
    const { server } = reach(upstream);
    const own = await upstream.scenario.get('GetCACert');
    const caps = await upstream.scenario.get('GetCACaps');
    for (let times = 0; times < 3; times++) {
      expect(await server.caCert()).toEqual({ contentType: own.contentType, body: own.body });
      expect(await server.caCaps()).toEqual({ contentType: 'text/plain', body: caps.body });
    }
    expect(upstream.operations()).toEqual(['GetCACaps', 'GetCACert']);
    expect(upstream.seen[0]?.url).toBe(
      '/certsrv/mscep/mscep.dll/pkiclient.exe?operation=GetCACaps',
    );
    expect(server.known?.chain[0]?.der).toEqual(upstream.scenario.authority.ca.certificate.der);
  });

  test('are kept over a restart at which the server is down', async () => {
    const state = new Map<string, string>();
    const first = reach(upstream, { state });
    const body = (await first.server.caCert()).body;
    upstream.dead = true;
    const second = reach(upstream, { state });
    await second.server.load();
    expect((await second.server.caCert()).body).toEqual(body);
    expect(upstream.operations()).toHaveLength(2);
  });

  test('of a server that was never reached are an outage, and it is not asked by everybody', async () => {
    upstream.dead = true;
    const { server, notices } = reach(upstream);
    for (let times = 0; times < 3; times++) {
      await expect(server.caCert()).rejects.toMatchObject({
        code: 'upstream.unavailable',
        retryAfterSeconds: 30,
      });
    }
    expect(upstream.seen.length).toBeLessThanOrEqual(2);
    expect(notices).toMatchObject([{ kind: 'unreachable' }]);
  });

  test('grown old are renewed behind the back of who asks, and stay when the server is down', async () => {
    let now = new Date('2026-06-01T00:00:00Z');
    const { server, notices } = reach(upstream, { clock: () => now });
    const { body } = await server.caCert();
    now = new Date('2026-06-01T02:00:00Z');
    expect((await server.caCert()).body).toEqual(body);
    await server.refresh();
    expect(upstream.operations()).toHaveLength(4);
    upstream.dead = true;
    now = new Date('2026-06-01T04:00:00Z');
    expect((await server.caCert()).body).toEqual(body);
    await server.refresh();
    expect((await server.caCert()).body).toEqual(body);
    expect(notices).toMatchObject([{ kind: 'unreachable' }]);
  });

  test('of a server that knows no GetCACaps: nothing is offered, so messages go by GET', async () => {
    upstream.caps = '';
    const { server } = reach(upstream);
    expect(await server.caCaps()).toEqual({ contentType: 'text/plain', body: Buffer.alloc(0) });
    await server.send(await upstream.scenario.message());
    expect(upstream.seen.at(-1)?.method).toBe('GET');
  });

  test.each([
    ['a page of a proxy', '<html><h1>Maintenance</h1></html>'],
    ['octets that are no text', 'AES\u0000\u0001'],
  ])('GetCACaps that is %s offers nothing', async (_name, caps) => {
    upstream.caps = caps;
    const { server } = reach(upstream);
    expect((await server.caCaps()).body).toEqual(Buffer.alloc(0));
  });

  test('what GetCACaps once offered is not taken back by an answer that is none', async () => {
    let now = new Date('2026-06-01T00:00:00Z');
    const { server } = reach(upstream, { clock: () => now });
    const { body } = await server.caCaps();
    expect(body.length).toBeGreaterThan(0);
    upstream.caps = '<html><h1>Maintenance</h1></html>';
    now = new Date('2026-06-01T02:00:00Z');
    await server.refresh();
    expect((await server.caCaps()).body).toEqual(body);
    upstream.caps = '';
    now = new Date('2026-06-01T04:00:00Z');
    await server.refresh();
    expect((await server.caCaps()).body).toEqual(Buffer.alloc(0));
  });

  test('a clock that was set back holds up no question', async () => {
    let now = new Date('2026-06-02T00:00:00Z');
    const { server } = reach(upstream, { clock: () => now });
    await server.caCaps();
    now = new Date('2026-06-01T00:00:00Z');
    await server.refresh();
    expect(upstream.operations()).toHaveLength(4);
    now = new Date('2026-05-01T00:00:00Z');
    await server.caCaps();
    await server.refresh();
    expect(upstream.operations()).toHaveLength(6);
  });

  test('a pin that no certificate has is refused, whoever answers', async () => {
    const { server, notices } = reach(upstream, { fingerprint: 'ab'.repeat(32) });
    await expect(server.caCert()).rejects.toMatchObject({ code: 'upstream.unavailable' });
    expect(notices).toMatchObject([
      { kind: 'unusable', text: expect.stringContaining('has the fingerprint that was given') },
    ]);
  });

  test.each(['sha256', 'sha1', 'md5'] as const)('the pin of the CA by %s fits', async (kind) => {
    const fingerprint = upstream.scenario.authority.ca.certificate.thumbprints[kind];
    const { server } = reach(upstream, { fingerprint });
    expect((await server.current()).chain).toHaveLength(1);
  });

  test.each([
    ['nothing', () => Promise.resolve(Buffer.alloc(0)), 'no certificate'],
    ['a page', () => Promise.resolve(Buffer.from('<html>error</html>')), 'no certificate'],
    ['200 KB', () => Promise.resolve(Buffer.alloc(200_000, 0x30)), ''],
    ['an RA whose CA is missing', withoutCa, 'which issued the RA certificate'],
    ['an RA that the CA did not sign', withStrangeRa, 'is not signed by'],
    ['a CA that has expired', withExpiredCa, 'expired on 2020-01-01'],
  ])('%s in answer to GetCACert is not shown to anybody', async (_name, make, text) => {
    upstream.caCert = await make(upstream);
    const { server, notices } = reach(upstream);
    await expect(server.caCert()).rejects.toMatchObject({ class: 'unavailable' });
    expect(notices).toHaveLength(1);
    expect(notices[0]?.text).toContain(text);
    expect(server.known).toBeUndefined();
  });

  test('what was good stays when what comes next is not', async () => {
    let now = new Date();
    const { server, notices } = reach(upstream, { clock: () => now });
    const { body } = await server.caCert();
    upstream.caCert = await withStrangeRa(upstream);
    now = new Date(now.getTime() + 7_200_000);
    await server.refresh();
    expect((await server.caCert()).body).toEqual(body);
    expect(notices).toMatchObject([{ kind: 'unusable' }]);
  });

  test('another CA is taken up loudly, and the old one is remembered', async () => {
    let now = new Date();
    const { server, notices } = reach(upstream, { clock: () => now });
    const was = (await server.current()).chain[0];
    upstream.caCert = (await selfSigned(testKey('client'), { subject: 'CN=Another CA' })).der;
    now = new Date(now.getTime() + 7_200_000);
    await server.refresh();
    expect((await server.current()).chain[0]?.subject.text).toBe('CN=Another CA');
    expect(notices).toMatchObject([
      { kind: 'ca-changed', text: expect.stringContaining('is now CN=Another CA') },
    ]);
    expect(server.known?.record.replaced).toEqual([was]);
  });
});

describe('PKIOperation', () => {
  test('goes by POST where that is offered, octet for octet, and comes back so', async () => {
    const { server } = reach(upstream);
    const message = await upstream.scenario.message();
    const answer = await server.send(message);
    expect(upstream.seen.at(-1)).toMatchObject({ method: 'POST', body: message });
    expect(upstream.scenario.reply({ status: 200, contentType: '', body: answer })).toBeDefined();
  });

  test.each([
    [{ kind: 'status', status: 503, retryAfter: '77' }, 'upstream.unavailable', 77],
    [{ kind: 'status', status: 503, retryAfter: '999999' }, 'upstream.unavailable', 3600],
    [{ kind: 'status', status: 503, retryAfter: 'tomorrow' }, 'upstream.unavailable', undefined],
    [{ kind: 'status', status: 429 }, 'upstream.unavailable', undefined],
    [{ kind: 'status', status: 404 }, 'upstream.unavailable', undefined],
    [{ kind: 'status', status: 301 }, 'upstream.unavailable', undefined],
    [{ kind: 'status', status: 500 }, 'upstream.no-answer', undefined],
    [{ kind: 'status', status: 502 }, 'upstream.no-answer', undefined],
    [{ kind: 'cut' }, 'upstream.no-answer', undefined],
    [{ kind: 'silent' }, 'upstream.no-answer', undefined],
    [{ kind: 'body', body: Buffer.alloc(10_000_000) }, 'upstream.no-answer', undefined],
  ] as const)('answered amiss (%#) is an outage', async (misbehaviour, code, retryAfterSeconds) => {
    const { server } = reach(upstream, misbehaviour.kind === 'silent' ? impatient : {});
    await server.current();
    upstream.misbehaviour = misbehaviour;
    const message = await upstream.scenario.message();
    await expect(server.send(message)).rejects.toMatchObject({ code, retryAfterSeconds });
  });

  test('to a closed port was not sent', async () => {
    const state = new Map<string, string>();
    await reach(upstream, { state }).server.current();
    await upstream.close();
    const { server } = reach(upstream, { state });
    await server.load();
    await expect(server.send(Buffer.from('message'))).rejects.toMatchObject({
      code: 'upstream.unavailable',
    });
    upstream = await startUpstream();
  });
});

describe('a server that does not answer', () => {
  test('is left alone after some failures, and tried again by one request', async () => {
    let now = 0;
    const { server } = reach(upstream, { failures: 2, stopwatch: () => now });
    await server.current();
    upstream.misbehaviour = { kind: 'cut' };
    const message = await upstream.scenario.message();
    const send = () => server.send(message).catch(codeOf);
    expect([await send(), await send(), await send(), await send()]).toEqual([
      'upstream.no-answer',
      'upstream.no-answer',
      'upstream.unavailable',
      'upstream.unavailable',
    ]);
    expect(upstream.operations()).toHaveLength(4);
    upstream.misbehaviour = { kind: 'none' };
    now = 2000;
    expect(Buffer.isBuffer(await send())).toBe(true);
  });

  test('an error of its own for one message closes the way for nobody', async () => {
    const { server } = reach(upstream, { failures: 2 });
    await server.current();
    upstream.misbehaviour = { kind: 'status', status: 500 };
    for (let times = 0; times < 5; times++) {
      await expect(server.send(Buffer.from('x'))).rejects.toMatchObject({
        code: 'upstream.no-answer',
      });
    }
    expect(upstream.operations()).toHaveLength(7);
  });

  test('holds so many requests and no more', async () => {
    const { server } = reach(upstream, { concurrent: 2, ...impatient });
    await server.current();
    upstream.misbehaviour = { kind: 'silent' };
    const message = await upstream.scenario.message();
    const codes = await Promise.all([1, 2, 3, 4].map(() => server.send(message).catch(codeOf)));
    expect(codes.sort()).toEqual([
      'upstream.no-answer',
      'upstream.no-answer',
      'upstream.unavailable',
      'upstream.unavailable',
    ]);
  });
});

describe('mscep_admin', () => {
  const url = () => adminPageOf(upstream.url) ?? new URL('http://none.test');
  const source = () =>
    adminPageSource({
      url: url(),
      http: reach(upstream).http,
      name: 'old-ndes',
      checksBindings: true,
    });

  test('is beside the SCEP address of an NDES', () => {
    expect(url().pathname).toBe('/certsrv/mscep_admin/');
    expect(adminPageOf(new URL('https://x.test/CertSrv/MSCEP/mscep.dll'))?.pathname).toBe(
      '/CertSrv/mscep_admin/',
    );
    expect(adminPageOf(new URL('https://x.test/scep'))).toBeUndefined();
  });

  test('gives a challenge at each request', async () => {
    expect(await source().fetch()).toEqual({
      kind: 'one-time',
      password: '8CE317021F690069',
      validityMinutes: 60,
    });
    upstream.page.body = encodePage(
      adminPage({ kind: 'single-password', thumbprint: 'AB'.repeat(16), password: 'CD'.repeat(8) }),
    );
    expect(await source().fetch()).toEqual({ kind: 'lasting', password: 'CD'.repeat(8) });
    expect(upstream.operations()).toEqual(['admin page', 'admin page']);
  });

  test.each([
    [adminPage({ kind: 'cache-full', limit: 5 }), 200, 'upstream.full', 'PasswordMax'],
    [adminPage({ kind: 'no-permission' }), 200, 'upstream.denied', 'Enroll'],
    ['Forbidden', 403, 'upstream.denied', 'policy module'],
    ['Unauthorized', 401, 'upstream.denied', ''],
    ['Not found', 404, 'upstream.unavailable', 'HTTP 404'],
    ['Error', 500, 'upstream.unavailable', 'HTTP 500'],
    [
      adminPage({ kind: 'no-password', thumbprint: 'AB'.repeat(16) }),
      200,
      'upstream.unavailable',
      'EnforcePassword',
    ],
    [mscepPage('http://x/CertSrv/mscep_admin'), 200, 'upstream.unavailable', 'page of devices'],
    ['<html>Sign in</html>', 200, 'upstream.unavailable', 'no page of NDES'],
  ] as const)('%s with status %i is %s', async (html, status, code, detail) => {
    upstream.page = { status, body: Buffer.from(html) };
    await expect(source().fetch()).rejects.toMatchObject({
      code,
      detail: expect.stringContaining(detail),
    });
  });
});

async function withoutCa({ scenario: { authority } }: Upstream): Promise<Buffer> {
  return Promise.resolve(
    certificateBundle([authority.raSigning.certificate, authority.raEncryption.certificate]),
  );
}

async function withStrangeRa({ scenario: { authority } }: Upstream): Promise<Buffer> {
  const stranger = await selfSigned(testKey('client'), {
    subject: authority.ca.certificate.subject.text,
  });
  const ra = await issuedBy(
    { certificate: stranger, key: testKey('client') },
    testKey('ra-old').publicKey,
  );
  return certificateBundle([ra, authority.ca.certificate]);
}

async function withExpiredCa(): Promise<Buffer> {
  const ca = await selfSigned(testKey('ca'), {
    subject: 'CN=Old CA',
    notBefore: new Date('2010-01-01T00:00:00Z'),
    notAfter: new Date('2020-01-01T00:00:00Z'),
  });
  return ca.der;
}

function codeOf(error: unknown): unknown {
  return isGatewayError(error) ? error.code : error;
}
