import { beforeEach, describe, expect, test } from '@jest/globals';
import { Certsrv } from '../../../src/adcs/webenroll/certsrv.js';
import { FetchedChain } from '../../../src/adcs/fetched-chain.js';
import { AdcsIssuer } from '../../../src/adcs/adcs-issuer.js';
import type { IssuanceRequest, Notice } from '../../../src/issuer/index.js';
import type { WebOutcome, WebRequest } from '../../../src/web-client/index.js';
import {
  csrAttributeOids,
  extensionOids,
  keyUsage,
  parseCertificationRequest,
  sidExtension,
  verifyIssuedBy,
  writeSubjectAltNames,
  type Extension,
} from '../../../src/x509/index.js';
import { der } from '../../../src/asn1/index.js';
import { authorizationFor, issuanceRequest, issuerContract } from '../../issuer/issuer.contract.js';
import { certificationRequest } from '../../support/certificates.js';
import { testKey } from '../../support/keys.js';
import { FakeCa } from '../certsrv/fake-ca.js';
import { certsrvPage } from '../certsrv/pages.js';

type Fault = (request: WebRequest) => WebOutcome | 'after' | undefined;

/** A client whose server is a function away; `fault` answers instead, or after the page was served. */
class DirectClient {
  readonly sent: WebRequest[] = [];
  fault: Fault = () => undefined;

  constructor(readonly ca: FakeCa) {}

  async send(request: WebRequest): Promise<WebOutcome> {
    this.sent.push(request);
    const fault = this.fault(request);
    if (fault !== undefined && fault !== 'after') return fault;
    const { status, contentType, body } = await certsrvPage(this.ca, {
      method: request.method,
      target: request.path,
      body: request.body ?? Buffer.alloc(0),
      userAgent: 'Mozilla/5.0',
      user: 'LAB\\svc-scep',
    });
    if (fault === 'after') return { kind: 'unknown', phase: 'answer', reason: 'connection reset' };
    return { kind: 'answered', status, headers: { 'content-type': contentType }, body };
  }
}

class MemoryState {
  readonly values = new Map<string, string>();
  get = (key: string) => Promise.resolve(this.values.get(key));
  set = (key: string, value: string) => {
    this.values.set(key, value);
    return Promise.resolve();
  };
}

/** Of the device in `issuanceRequest`. */
const csrKey = testKey('client').publicKey.id;

let ca: FakeCa;
let client: DirectClient;
let alarms: Notice[];
let notices: Notice[];
let state: MemoryState;

async function open(options: { pins?: string[] } = {}): Promise<AdcsIssuer> {
  const certsrv = new Certsrv(client, '/certsrv/');
  const chain = await FetchedChain.open({
    name: 'corp',
    fetch: (signal) => certsrv.caCertificates(signal),
    pins: options.pins ?? [],
    state,
    report: (notice) => notices.push(notice),
    clock: () => new Date(),
  });
  return new AdcsIssuer({
    name: 'corp',
    ca: certsrv,
    identity: 'LAB\\svc-scep',
    templates: { signature: 'Signing', encryption: 'Enciphering', generalPurpose: 'Phones' },
    attributes: [['rmd', 'gateway.lab.test']],
    chain,
    report: (notice) => alarms.push(notice),
    clock: () => new Date(),
  });
}

beforeEach(async () => {
  ca = await FakeCa.create();
  client = new DirectClient(ca);
  alarms = [];
  notices = [];
  state = new MemoryState();
});

issuerContract('adcs-webenroll', async (reachability) => {
  const issuer = await open();
  await issuer.currentCrl();
  if (reachability === 'reachable') {
    const request = await issuanceRequest('warm-up');
    await issuer.submit(request, authorizationFor(request));
  } else {
    client.fault = () => unreachable;
  }
  return issuer;
});

const unreachable: WebOutcome = {
  kind: 'unreachable',
  phase: 'connect',
  reason: 'connection refused',
};

async function submit(
  template?: string,
  request?: IssuanceRequest,
): Promise<Awaited<ReturnType<AdcsIssuer['submit']>>> {
  const made = request ?? (await issuanceRequest('transaction-1'));
  const wanted = template === undefined ? made : { ...made, template };
  return (await open()).submit(wanted, authorizationFor(wanted));
}

async function requestWith(
  extensions: readonly Extension[],
  attributes: readonly { oid: string; values: Buffer[] }[] = [],
): Promise<IssuanceRequest> {
  const request = await issuanceRequest('transaction-1');
  const csr = await certificationRequest(testKey('client'), {
    subject: 'CN=device-1',
    extensions,
    attributes,
  });
  return { ...request, csr: parseCertificationRequest(csr) };
}

describe('submit', () => {
  test('posts the CSR as the device signed it, with template and attributes', async () => {
    const request = await issuanceRequest('transaction-1');
    const outcome = await submit(undefined, request);
    if (outcome.kind !== 'issued') throw new Error(JSON.stringify(outcome));
    expect(outcome.certificate.publicKey.id).toBe(request.csr.publicKey.id);
    expect(verifyIssuedBy(outcome.certificate, ca.certificate)).toBe(true);
    expect(ca.requests).toHaveLength(1);
    expect(ca.requests[0]).toMatchObject({ template: 'Phones', user: 'LAB\\svc-scep' });
    expect(ca.requests[0]?.csr).toEqual(request.csr.der);
    expect([...(ca.requests[0]?.attributes ?? [])]).toEqual([
      ['CertificateTemplate', 'Phones'],
      ['rmd', 'gateway.lab.test'],
    ]);
    expect(client.sent.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /certsrv/certcarc.asp',
      'GET /certsrv/certnew.p7b?ReqID=CACert&Renewal=0&Enc=bin',
      'POST /certsrv/certfnsh.asp',
      'GET /certsrv/certnew.cer?ReqID=81&Enc=bin',
    ]);
  });

  test('a request that waits, is polled, and issued', async () => {
    const issuer = await open();
    const request = { ...(await issuanceRequest('transaction-1')), template: 'Manual' };
    expect(await issuer.submit(request, authorizationFor(request))).toEqual({
      kind: 'pending',
      requestId: '81',
    });
    expect(await issuer.retrieve('81', csrKey)).toEqual({ kind: 'pending', requestId: '81' });
    await ca.issue(81);
    expect(await issuer.retrieve('81', csrKey)).toMatchObject({ kind: 'issued' });
    expect(ca.requests).toHaveLength(1);
  });

  test('a request that waits and is denied', async () => {
    expect(await submit('Manual')).toEqual({ kind: 'pending', requestId: '81' });
    ca.deny(81);
    expect(await (await open()).retrieve('81', csrKey)).toMatchObject({
      kind: 'refused',
      text: 'The CA refused the request: a certificate manager denied the request (0x80094014).',
      hresult: 0x80094014,
    });
  });

  test('denied by the policy of the template', async () => {
    expect(await submit('LongKeys')).toMatchObject({
      kind: 'refused',
      hresult: 0x80094811,
      text: expect.stringContaining('shorter than the certificate template allows'),
    });
  });

  test('a template the CA does not offer', async () => {
    expect(await submit('Nowhere')).toMatchObject({
      kind: 'refused',
      hresult: 0x80094800,
      detail: expect.stringContaining('Publish the template on the CA'),
    });
  });

  test('the CA service down behind the web server', async () => {
    const issuer = await open();
    await issuer.currentCrl();
    ca.outage = '0x800706ba (WIN32: 1722)';
    const request = await issuanceRequest('transaction-1');
    expect(await issuer.submit(request, authorizationFor(request))).toMatchObject({
      kind: 'unavailable',
      submission: 'none',
      detail: expect.stringContaining('RPC_S_SERVER_UNAVAILABLE'),
    });
  });

  test('once the id is known, an answer that is lost later is polled for', async () => {
    client.fault = ({ path }) => (path.includes('certnew.cer') ? 'after' : undefined);
    const issuer = await open();
    const request = await issuanceRequest('transaction-1');
    expect(await issuer.submit(request, authorizationFor(request))).toEqual({
      kind: 'pending',
      requestId: '81',
    });
    client.fault = () => undefined;
    expect(await issuer.retrieve('81', csrKey)).toMatchObject({ kind: 'issued' });
  });

  test.each<[string, WebOutcome | 'after', 'none' | 'unknown', string]>([
    ['no connection', unreachable, 'none', 'connection refused'],
    ['lost after the request was sent', 'after', 'unknown', 'connection reset'],
    [
      'login refused',
      { kind: 'login-refused', scheme: 'ntlm', offered: ['ntlm'], reason: 'HTTP 401' },
      'none',
      'refused the login',
    ],
    ['a gateway time-out of a proxy', status(504), 'unknown', 'HTTP 504'],
    ['the script crashed', status(500), 'unknown', 'HTTP 500'],
    ['the application pool stopped', status(503), 'none', 'HTTP 503'],
    ['a redirect', status(302), 'none', 'HTTP 302'],
    ['not found', status(404), 'none', 'HTTP 404'],
    ['forbidden', status(403), 'none', 'HTTP 403'],
  ])('%s', async (_, fault, submission, detail) => {
    client.fault = ({ method }) => (method === 'POST' ? fault : undefined);
    const outcome = await submit();
    expect(outcome).toMatchObject({ kind: 'unavailable', submission });
    expect(outcome).toHaveProperty('detail', expect.stringContaining(detail));
  });

  test.each([413, 500, 503])(
    'HTTP %i keeps the gateway away for no longer than any outage: one request may cause it',
    async (code) => {
      client.fault = ({ method }) => (method === 'POST' ? status(code) : undefined);
      const outcome = await submit();
      expect(outcome).toHaveProperty('detail', expect.stringMatching(/IIS/));
      expect(outcome).not.toHaveProperty('mend');
    },
  );

  test.each<[string, string]>([
    ['an error page', '<html><body>Server Error in Application</body></html>'],
    ['an error page with a number', '<p>0x800706ba (WIN32: 1722)</p>'],
    ['a request that is not known', '<p>0x80094004 (CERTSRV_E_PROPERTY_EMPTY)</p>'],
    ['nothing', ''],
    ['garbage', '\u0000\u0001\u0002'],
  ])('%s in place of the issued certificate: it is asked for later', async (_, page) => {
    client.fault = ({ path }) =>
      path.includes('certnew.cer')
        ? { kind: 'answered', status: 200, headers: {}, body: Buffer.from(page) }
        : undefined;
    const issuer = await open();
    const request = await issuanceRequest('transaction-1');
    expect(await issuer.submit(request, authorizationFor(request))).toEqual({
      kind: 'pending',
      requestId: '81',
    });
    client.fault = () => undefined;
    expect(await issuer.retrieve('81', csrKey)).toMatchObject({ kind: 'issued' });
    expect(ca.requests).toHaveLength(1);
  });

  test('what an operator has to do about a refused login is said', async () => {
    client.fault = () => ({
      kind: 'login-refused',
      scheme: undefined,
      offered: ['negotiate', 'ntlm'],
      reason: 'nothing fits',
    });
    expect(await submit()).toMatchObject({
      mend: 'The server offers negotiate, ntlm: configure one of these for the issuer, or turn on another in IIS.',
    });
  });

  test('Retry-After of the server is handed on', async () => {
    client.fault = ({ method }) =>
      method === 'POST' ? { ...status(503), headers: { 'retry-after': '120' } } : undefined;
    expect(await submit()).toMatchObject({ submission: 'none', retryAfterSeconds: 120 });
  });
});

function status(code: number): Extract<WebOutcome, { kind: 'answered' }> {
  return { kind: 'answered', status: code, headers: {}, body: Buffer.from('<h1>no</h1>') };
}

describe('a CA that answers another question', () => {
  test.each([
    ['a certificate for another key', () => (ca.wrongKey = 'client-2')],
    ['a certificate somebody else signed', () => (ca.signer = 'ra-old')],
  ])('%s is not let out: a fault, with an alarm', async (_, spoil) => {
    spoil();
    expect(await submit()).toMatchObject({ kind: 'unavailable', submission: 'unknown' });
    expect(alarms).toHaveLength(1);
    expect(alarms[0]?.text).toContain('The CA answered request 81 with a wrong certificate');
  });

  test('nor is it when it comes with a poll', async () => {
    const issuer = await open();
    const request = { ...(await issuanceRequest('transaction-1')), template: 'Manual' };
    await issuer.submit(request, authorizationFor(request));
    ca.wrongKey = 'client-2';
    await ca.issue(81);
    expect(await issuer.retrieve('81', csrKey, 'of the poll')).toMatchObject({
      kind: 'unavailable',
    });
    expect(alarms).toMatchObject([{ severity: 'error', correlationId: 'of the poll' }]);
  });

  test('the alarm names the request that showed it', async () => {
    ca.wrongKey = 'client-2';
    const issuer = await open();
    const request = { ...(await issuanceRequest('transaction-1')), correlationId: 'of the device' };
    await issuer.submit(request, authorizationFor(request));
    expect(alarms).toMatchObject([{ correlationId: 'of the device' }]);
  });

  test('its CRL neither', async () => {
    const issuer = await open();
    const request = await issuanceRequest('transaction-1');
    await issuer.submit(request, authorizationFor(request));
    ca.signer = 'ra-old';
    expect(await issuer.currentCrl()).toBeUndefined();
    expect(alarms).toHaveLength(1);
  });
});

describe('the chain', () => {
  test('is fetched once, kept, and found again without the CA', async () => {
    await submit();
    client.fault = () => unreachable;
    const issuer = await open();
    expect(issuer.chain.map(({ der: bytes }) => bytes)).toEqual([ca.certificate.der]);
    expect(notices).toEqual([
      expect.objectContaining({ severity: 'info', code: 'upstream.ca-changed' }),
    ]);
  });

  test('nothing is sent before it is known', async () => {
    client.fault = ({ path }) => (path.includes('certnew.p7b') ? status(500) : undefined);
    expect(await submit()).toMatchObject({ kind: 'unavailable', submission: 'none' });
    expect(ca.requests).toHaveLength(0);
  });

  test('a pin decides which CA it is', async () => {
    const issuer = await open({ pins: ['00'.repeat(32)] });
    const request = await issuanceRequest('transaction-1');
    expect(await issuer.submit(request, authorizationFor(request))).toMatchObject({
      kind: 'unavailable',
      submission: 'none',
      mend: expect.stringContaining('caThumbprints'),
    });
    expect(ca.requests).toHaveLength(0);
    const pinned = await open({ pins: [ca.certificate.thumbprints.sha256] });
    expect(await pinned.submit(request, authorizationFor(request))).toMatchObject({
      kind: 'issued',
    });
  });
});

describe('the template', () => {
  test.each([
    [['digitalSignature'], 'Signing'],
    [['keyEncipherment'], 'Enciphering'],
    [['digitalSignature', 'keyEncipherment'], 'Phones'],
    [[], 'Phones'],
    [['nonRepudiation', 'digitalSignature'], 'Signing'],
  ] as const)('for keyUsage %j is %s, as NDES chooses', async (usages, template) => {
    ca.templates.set('Signing', { does: 'issue' });
    ca.templates.set('Enciphering', { does: 'issue' });
    const extensions = usages.length === 0 ? [] : [keyUsage(usages)];
    expect(await submit(undefined, await requestWith(extensions))).toMatchObject({
      kind: 'issued',
    });
    expect(ca.requests[0]?.template).toBe(template);
  });

  const bmp = (text: string) => der.element(0x1e, Buffer.from(text, 'utf16le').swap16());
  const templateName = (name: string): Extension => ({
    oid: extensionOids.msTemplateName,
    critical: false,
    value: bmp(name),
  });
  const pair = (name: string, value: string) => ({
    oid: csrAttributeOids.msEnrollmentNameValuePair,
    values: [der.sequence(bmp(name), bmp(value))],
  });

  test.each<[string, readonly Extension[], { oid: string; values: Buffer[] }[]]>([
    ['the same name in the extension', [templateName('phones')], []],
    ['the same name in an attribute', [], [pair('CertificateTemplate', 'Phones\0')]],
    ['a shorter life', [], [pair('ValidityPeriod', 'Days'), pair('ValidityPeriodUnits', '30')]],
  ])('%s passes', async (_, extensions, attributes) => {
    expect(await submit(undefined, await requestWith(extensions, attributes))).toMatchObject({
      kind: 'issued',
    });
  });

  test.each<[string, readonly Extension[], { oid: string; values: Buffer[] }[]]>([
    ['another name in the extension', [templateName('Administrator')], []],
    [
      'a template by OID',
      [{ oid: extensionOids.msTemplate, critical: false, value: der.sequence(der.oid('1.2.3')) }],
      [],
    ],
    [
      'an unreadable extension',
      [{ oid: extensionOids.msTemplateName, critical: false, value: Buffer.from([1, 2, 3]) }],
      [],
    ],
    ['another name in an attribute', [], [pair('certificatetemplate', 'Administrator')]],
    ['a SAN in an attribute (ESC6)', [], [pair('SAN', 'upn=administrator@lab.test')]],
    ['a requester in an attribute', [], [pair('requestername', 'LAB\\administrator')]],
    [
      'an unreadable attribute',
      [],
      [{ oid: csrAttributeOids.msEnrollmentNameValuePair, values: [der.sequence()] }],
    ],
  ])('%s is refused before anything is sent', async (_, extensions, attributes) => {
    expect(await submit(undefined, await requestWith(extensions, attributes))).toMatchObject({
      kind: 'refused',
    });
    expect(ca.requests).toHaveLength(0);
    expect(client.sent).toHaveLength(0);
  });
});

describe('what policy did not grant and the CA would copy', () => {
  const san = (...names: Buffer[]) => writeSubjectAltNames(names, false);
  const dns = (name: string) => der.context(2, Buffer.from(name));
  const uri = (name: string) => der.context(6, Buffer.from(name));
  const sid = 'S-1-5-21-1004336348-1177238915-682003330-512';
  const sidUri = uri(`tag:microsoft.com,2022-09-14:sid:${sid}`);
  const applicationPolicies: Extension = {
    oid: extensionOids.msApplicationPolicies,
    critical: false,
    value: der.sequence(der.sequence(der.oid('1.3.6.1.4.1.311.20.2.1'))),
  };
  const granted = async (requested: Extension[], content: Extension[]) => {
    const request = await requestWith(requested);
    return submit(undefined, { ...request, content: { ...request.content, extensions: content } });
  };

  test.each<[string, Extension[], Extension[]]>([
    ['SANs, as they are', [san(dns('a.test'), sidUri)], [san(dns('a.test'), sidUri)]],
    ['an attested SID', [sidExtension(sid)], [sidExtension(sid)]],
    ['listed application policies', [applicationPolicies], [applicationPolicies]],
    ['key usages, which the template decides', [keyUsage(['keyAgreement'])], []],
  ])('%s: what was granted passes', async (_, requested, content) => {
    expect(await granted(requested, content)).toMatchObject({ kind: 'issued' });
    const sent = parseCertificationRequest(ca.requests[0]?.csr ?? Buffer.alloc(0));
    expect(sent.extensions).toEqual(requested);
  });

  test.each<[string, Extension[], Extension[]]>([
    ['a SAN more', [san(dns('a.test'), dns('dc1.test'))], [san(dns('a.test'))]],
    ['a SAN in place of none', [san(dns('dc1.test'))], []],
    ['a SID URI', [san(dns('a.test'), sidUri)], [san(dns('a.test'))]],
    ['a SID', [sidExtension(sid)], []],
    ['another SID than attested', [sidExtension(sid)], [sidExtension(`${sid}1`)]],
    ['application policies (ESC15)', [applicationPolicies], []],
    [
      'a SAN that cannot be read',
      [{ oid: extensionOids.subjectAltName, critical: false, value: Buffer.from([1]) }],
      [],
    ],
  ])('%s is refused before anything is sent', async (_, requested, content) => {
    expect(await granted(requested, content)).toMatchObject({ kind: 'refused' });
    expect(client.sent).toHaveLength(0);
  });
});

test.each(['no such request', '', '99999999999', '1&Enc=b64', '../x'])(
  'a request id that is none (%j) is not asked for',
  async (id) => {
    expect(await (await open()).retrieve(id, csrKey)).toMatchObject({ kind: 'refused' });
    expect(client.sent).toHaveLength(0);
  },
);
