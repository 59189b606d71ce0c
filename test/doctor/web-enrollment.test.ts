/** The doctor in front of Web Enrollment pages, over real TLS and HTTP. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Finding } from '../../src/doctor/index.js';
import { parseSubjectAltName, toPem, writeSubjectAltNames } from '../../src/x509/index.js';
import { FakeCa } from '../adcs/certsrv/fake-ca.js';
import { certsrvPage } from '../adcs/certsrv/pages.js';
import { password, startCertsrv, type Scheme } from '../adcs/certsrv/server.js';
import { remove, temporaryFolder } from '../gateway/running.js';
import { selfSigned } from '../support/certificates.js';
import { testKey, testKeyObject } from '../support/keys.js';
import { ntlmHandler, offer, startUpstream, type Handler } from '../web-client/upstream.js';
import { examineYaml, found, results, type ExamineOptions } from './examining.js';

let folder: string;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  await writeFile(join(folder, 'password.txt'), password);
  await writeFile(join(folder, 'wrong.txt'), 'not the password');
});
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});
afterAll(() => remove(folder));

function yaml(
  origin: string,
  { tls, file = 'password.txt', signIn = 'ntlm' }: { tls: string; file?: string; signIn?: string },
): string {
  const account =
    signIn === 'basic'
      ? `basic: { user: 'LAB\\svc', password: { file: ${file} } }`
      : `ntlm: { user: svc, domain: LAB, password: { file: ${file} } }`;
  return `
issuers:
  corp:
    kind: adcs-webenroll
    url: ${origin}/certsrv/
    template: Phones
    authentication: { ${account} }
    tls: { ${tls} }
profiles:
  phones: { paths: [/scep], issuer: corp }
`;
}

async function lab(scheme: Scheme = 'ntlm') {
  const ca = await FakeCa.create();
  const certsrv = await startCertsrv(ca, scheme);
  closing.push(() => certsrv.close());
  return { ca, certsrv, tls: `pins: ['${certsrv.pin}']` };
}

/** Pages behind TLS of our own making. */
async function served(
  certificate: { subject?: string; names?: readonly string[]; notAfter?: Date },
  handler?: (inside: Handler) => Handler,
) {
  const ca = await FakeCa.create();
  const own = await selfSigned(testKey('client-p-256'), {
    subject: certificate.subject ?? 'CN=127.0.0.1',
    ...(certificate.notAfter && { notAfter: certificate.notAfter }),
    extensions: [
      writeSubjectAltNames(
        (certificate.names ?? ['ip:127.0.0.1']).map((name) => parseSubjectAltName(name).raw),
        false,
      ),
    ],
  });
  const pages: Handler = async (request, response, body) => {
    const answer = await certsrvPage(ca, {
      method: request.method ?? '',
      target: request.url ?? '',
      body,
      userAgent: request.headers['user-agent'] ?? '',
      user: 'LAB\\svc',
    });
    response.writeHead(answer.status, { 'content-type': answer.contentType }).end(answer.body);
  };
  const upstream = await startUpstream((handler ?? ntlmHandler)(pages), {
    cert: own.toPem(),
    key: testKeyObject('client-p-256').export({ type: 'pkcs8', format: 'pem' }),
  });
  closing.push(() => upstream.close());
  await writeFile(join(folder, 'tls-ca.pem'), toPem('CERTIFICATE', own.der));
  return { ca, origin: upstream.origin, tls: 'ca: tls-ca.pem', seen: upstream.seen };
}

/** Everything behind a failed check of the way is skipped, and says why. */
function expectSkipped(findings: readonly Finding[], because: string): void {
  const [ca] = found(findings, 'ca.reachable');
  expect(ca).toMatchObject({ result: 'skipped' });
  expect(ca?.because).toBe(because);
  expect(ca?.text).toBe(`Not looked at, because of ${because}.`);
  expect(results(findings, 'ca.chain')).toEqual(['skipped']);
}

describe('a healthy CA', () => {
  test('behind pinned TLS and Extended Protection = Required: nothing fails, nothing is asked for', async () => {
    const { ca, certsrv, tls } = await lab();
    const findings = await examineYaml(folder, yaml(certsrv.origin, { tls }));
    expect(
      findings.filter(({ result }) => ['failed', 'skipped', 'warning'].includes(result)),
    ).toEqual([]);
    expect(findings.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        'config.valid',
        'network.name',
        'network.port',
        'tls.handshake',
        'tls.pin',
        'clock.skew',
        'sign-in.offered',
        'sign-in.used',
        'sign-in.channel-binding',
        'ca.reachable',
        'ca.chain',
        'ca.signature',
        'template.permitted',
        'template.schema',
      ]),
    );
    expect(found(findings, 'tls.handshake')[0]?.text).toMatch(/speaks TLSv1\.3/);
    expect(found(findings, 'sign-in.used')[0]?.text).toBe(
      'The server lets the gateway in as ntlm.',
    );
    expect(found(findings, 'ca.chain')[0]?.text).toContain(ca.certificate.thumbprints.sha256);
    expect(ca.requests).toEqual([]);
    expect(certsrv.served.filter((line) => line.startsWith('POST'))).toEqual([]);
    expect(JSON.stringify(findings)).not.toContain(password);
  });

  test('by Basic, with chain and name of the TLS certificate', async () => {
    const { origin, tls } = await served({}, (inside) => (request, response, body) => {
      const { authorization = '' } = request.headers;
      const right = `Basic ${Buffer.from(`LAB\\svc:${password}`).toString('base64')}`;
      if (authorization === right) return inside(request, response, body);
      offer(response, 'Basic realm="ca1"', 'Negotiate');
    });
    const findings = await examineYaml(folder, yaml(origin, { tls, signIn: 'basic' }));
    expect(results(findings, 'tls.chain')).toEqual(['ok']);
    expect(results(findings, 'tls.name')).toEqual(['ok']);
    expect(results(findings, 'ca.reachable')).toEqual(['ok']);
    expect(found(findings, 'sign-in.offered')[0]?.text).toBe(
      'The server offers basic, negotiate; the gateway has basic and uses basic.',
    );
    expect(found(findings, 'sign-in.channel-binding')[0]).toMatchObject({ result: 'info' });
  });
});

describe('the way to the CA', () => {
  test('a name that does not exist', async () => {
    const findings = await examineYaml(folder, yaml('https://ca1.invalid', { tls: '' }), {
      world: {
        lookUp: () => Promise.resolve({ kind: 'failed', reason: 'the name cannot be resolved' }),
      },
    });
    expect(found(findings, 'network.name')[0]).toMatchObject({
      result: 'failed',
      text: 'The name ca1.invalid does not lead to an address: the name cannot be resolved.',
    });
    expectSkipped(findings, 'tls.chain');
    expect(found(findings, 'network.port')[0]?.because).toBe('network.name');
  });

  test('a port where nothing listens', async () => {
    const gone = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => gone.once('listening', resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const findings = await examineYaml(folder, yaml(`https://127.0.0.1:${port}`, { tls: '' }));
    expect(found(findings, 'network.port')[0]).toMatchObject({
      result: 'failed',
      text: `Port ${port} of 127.0.0.1 cannot be reached: nothing listens there, or a firewall refuses.`,
      next: expect.stringContaining('firewall'),
    });
    expectSkipped(findings, 'tls.chain');
  });

  test('a port that speaks no TLS', async () => {
    const plain = await startUpstream((_request, response) => void response.end('plain'));
    closing.push(() => plain.close());
    const findings = await examineYaml(
      folder,
      yaml(plain.origin.replace('http:', 'https:'), { tls: '' }),
    );
    expect(results(findings, 'tls.handshake')).toEqual(['failed']);
    expect(found(findings, 'tls.handshake')[0]?.text).toMatch(/There is no TLS with 127\.0\.0\.1/);
  });

  test('a certificate that nobody trusts', async () => {
    const { origin } = await served({});
    const findings = await examineYaml(folder, yaml(origin, { tls: '' }));
    expect(found(findings, 'tls.chain')[0]).toMatchObject({
      result: 'failed',
      text: expect.stringContaining('self-signed and not trusted'),
      next: expect.stringContaining('`tls.ca`'),
    });
    expectSkipped(findings, 'tls.chain');
  });

  test('a certificate for another name', async () => {
    const { origin, tls } = await served({ names: ['dns:adcsc.example.com'] });
    const findings = await examineYaml(folder, yaml(origin, { tls }));
    expect(results(findings, 'tls.chain')).toEqual(['ok']);
    expect(found(findings, 'tls.name')[0]).toMatchObject({
      result: 'failed',
      text: 'The certificate of the server is not for 127.0.0.1 but for DNS:adcsc.example.com.',
    });
    expectSkipped(findings, 'tls.name');
  });

  test('a certificate that has expired', async () => {
    const { origin, tls, seen } = await served({ notAfter: new Date('2021-02-03T00:00:00Z') });
    const findings = await examineYaml(folder, yaml(origin, { tls }));
    expect(found(findings, 'tls.expiry')[0]).toMatchObject({
      result: 'failed',
      text: 'The TLS certificate CN=127.0.0.1 ended on 2021-02-03.',
    });
    expect(found(findings, 'tls.chain')[0]?.text).toContain('has expired');
    expectSkipped(findings, 'tls.chain');
    expect(seen).toEqual([]);
  });

  test('another certificate than the pinned one', async () => {
    const { certsrv } = await lab();
    const findings = await examineYaml(
      folder,
      yaml(certsrv.origin, { tls: `pins: ['${'ab'.repeat(32)}']` }),
    );
    expect(found(findings, 'tls.pin')[0]).toMatchObject({
      result: 'failed',
      text: expect.stringContaining(certsrv.pin),
    });
    expectSkipped(findings, 'tls.pin');
  });

  test('clocks that differ', async () => {
    const { certsrv, tls } = await lab();
    const clockOf = (seconds: number): ExamineOptions => ({
      world: { clock: () => new Date(Date.now() + seconds * 1000) },
    });
    const settings = yaml(certsrv.origin, { tls });
    const little = await examineYaml(folder, settings, clockOf(-120));
    expect(found(little, 'clock.skew')[0]).toMatchObject({ result: 'warning' });
    const much = await examineYaml(folder, settings, clockOf(3600));
    expect(found(much, 'clock.skew')[0]?.text).toMatch(
      /^The clock of the server is 3[56]\d\d seconds behind ours/,
    );
    expect(found(much, 'clock.skew')[0]?.next).toContain('NTP');
  });
});

describe('the sign-in', () => {
  test('a wrong password: one attempt, and nothing more is asked', async () => {
    const { certsrv, tls } = await lab();
    const findings = await examineYaml(folder, yaml(certsrv.origin, { tls, file: 'wrong.txt' }));
    expect(found(findings, 'sign-in.used')[0]).toMatchObject({
      result: 'failed',
      text: 'The sign-in was refused: the server refuses the account by ntlm.',
      next: expect.stringContaining('locked'),
    });
    expectSkipped(findings, 'sign-in.used');
    expect(certsrv.served).toEqual([]);
    expect(JSON.stringify(findings)).not.toContain('not the password');
  });

  test('a proxy that ends TLS in front of Extended Protection: named beside the password', async () => {
    const applicationData = Buffer.concat([
      Buffer.from('tls-server-end-point:'),
      Buffer.alloc(32, 7),
    ]);
    const { origin, tls, seen } = await served({}, (inside) =>
      ntlmHandler(inside, { channel: { kind: 'tls', applicationData, required: true } }),
    );
    const findings = await examineYaml(folder, yaml(origin, { tls }));
    expect(found(findings, 'sign-in.used')[0]).toMatchObject({
      result: 'failed',
      next: expect.stringContaining('Extended Protection'),
    });
    expect(seen.map(({ scheme }) => scheme)).toEqual(['none', 'NTLM', 'NTLM']);
  });

  test('a scheme that the gateway has no credentials for', async () => {
    const { certsrv, tls } = await lab('basic');
    const findings = await examineYaml(folder, yaml(certsrv.origin, { tls }));
    expect(found(findings, 'sign-in.offered')[0]).toMatchObject({
      result: 'failed',
      text: 'The server offers basic, the gateway has ntlm.',
    });
    expectSkipped(findings, 'sign-in.offered');
  });

  test('pages without any sign-in', async () => {
    const { origin, tls } = await served({}, (inside) => inside);
    const findings = await examineYaml(folder, yaml(origin, { tls }));
    expect(found(findings, 'sign-in.offered')[0]).toMatchObject({ result: 'warning' });
    expect(results(findings, 'ca.reachable')).toEqual(['ok']);
  });
});

describe('the CA', () => {
  test('a stopped service behind good pages', async () => {
    const { ca, certsrv, tls } = await lab();
    ca.outage = '0x800706ba';
    const findings = await examineYaml(folder, yaml(certsrv.origin, { tls }));
    expect(found(findings, 'ca.reachable')[0]).toMatchObject({
      result: 'failed',
      text: expect.stringContaining('RPC_S_SERVER_UNAVAILABLE'),
      next: expect.stringContaining('CertSvc'),
    });
    expect(found(findings, 'ca.chain')[0]).toMatchObject({
      result: 'skipped',
      because: 'ca.reachable',
    });
  });

  test('no right to ask it', async () => {
    const { ca, certsrv, tls } = await lab();
    ca.outage = '0x80070005';
    const findings = await examineYaml(folder, yaml(certsrv.origin, { tls }));
    expect(found(findings, 'ca.reachable')[0]).toMatchObject({
      result: 'failed',
      next: expect.stringContaining('Request Certificates'),
    });
  });

  test('another CA than the configured one', async () => {
    const { certsrv, tls } = await lab();
    const settings = yaml(certsrv.origin, { tls }).replace(
      'template: Phones',
      `template: Phones\n    caThumbprints: ['${'cd'.repeat(32)}']`,
    );
    const findings = await examineYaml(folder, settings);
    expect(found(findings, 'ca.chain')[0]).toMatchObject({
      result: 'failed',
      next: expect.stringContaining('caThumbprints'),
    });
  });

  test('a web server without the pages', async () => {
    const { origin, tls } = await served({}, () => ({ headers }, response) => {
      if (headers.authorization === undefined) offer(response, 'Basic realm="ca1"');
      else response.writeHead(404).end('no');
    });
    const findings = await examineYaml(folder, yaml(origin, { tls, signIn: 'basic' }));
    expect(found(findings, 'ca.reachable')[0]).toMatchObject({
      result: 'failed',
      text: expect.stringContaining('HTTP 404'),
      next: expect.stringContaining('`url`'),
    });
  });
});

describe('templates', () => {
  test.each([
    ['IPSECIntermediateOffline', 'warning', /ESC15/],
    ['Phones', 'info', /cannot be told/],
  ])('%s: %s', async (template, result, text) => {
    const settings = yaml('https://ca1.invalid', { tls: '' }).replace('Phones', template);
    const findings = await examineYaml(folder, settings, {
      world: { lookUp: () => Promise.resolve({ kind: 'failed', reason: 'no' }) },
    });
    expect(found(findings, 'template.schema')[0]).toMatchObject({
      result,
      text: expect.stringMatching(text),
    });
  });

  test('a display name', async () => {
    const settings = yaml('https://ca1.invalid', { tls: '' }).replace('Phones', 'Company Phones');
    const findings = await examineYaml(folder, settings, {
      world: { lookUp: () => Promise.resolve({ kind: 'failed', reason: 'no' }) },
    });
    expect(found(findings, 'template.name')[0]).toMatchObject({ result: 'warning' });
  });
});
