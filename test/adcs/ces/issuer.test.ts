/** The issuer over real HTTPS: each way to sign in × what can become of a request. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openCesIssuer, type AdcsIssuer } from '../../../src/adcs/index.js';
import type { Notice } from '../../../src/issuer/index.js';
import { certificateBundle } from '../../../src/pkcs7/index.js';
import { createWebClient, type WebClient } from '../../../src/web-client/index.js';
import { verifyIssuedBy, type Certificate } from '../../../src/x509/index.js';
import { authorizationFor, issuanceRequest, issuerContract } from '../../issuer/issuer.contract.js';
import { testKey } from '../../support/keys.js';
import { FakeCa } from '../certsrv/fake-ca.js';
import { clientIdentity } from '../certsrv/server.js';
import {
  account,
  fault,
  password,
  rawFault,
  response,
  startCes,
  ticket,
  type CesService,
  type Cut,
  type FaultParts,
  type RawAnswer,
  type Scheme,
} from './service.js';

const wsse = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const wsu = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';
const dispatcher =
  'http://schemas.microsoft.com/net/2005/12/windowscommunicationfoundation/dispatcher';

/** Of the device in `issuanceRequest`. */
const csrKey = testKey('client').publicKey.id;

let ca: FakeCa;
let service: CesService;
let services: CesService[];
let clients: WebClient[];
let notices: Notice[];
let kept: Map<string, string>;

beforeEach(async () => {
  ca = await FakeCa.create();
  clients = [];
  services = [];
  notices = [];
  kept = new Map();
});

afterEach(async () => {
  clients.forEach((client) => client.close());
  await Promise.all(services.map((each) => each.close()));
});

async function start(scheme: Scheme): Promise<CesService> {
  const started = await startCes(ca, scheme);
  services.push(started);
  return started;
}

interface Setting {
  readonly scheme?: Scheme;
  /** What the gateway signs in with is the right thing. */
  readonly right?: boolean;
  readonly answerMillis?: number;
  readonly submitMillis?: number;
  readonly chain?: readonly Certificate[] | undefined;
  readonly pins?: readonly string[];
  readonly clock?: () => Date;
}

async function open(setting: Setting = {}): Promise<AdcsIssuer> {
  const { scheme = 'userNameToken', right = true, clock = () => new Date() } = setting;
  const client = createWebClient({
    origin: service.origin,
    credentials:
      scheme === 'negotiate'
        ? [
            {
              kind: 'negotiate',
              initiators: {
                create: ({ channelBinding }) => ({
                  step: (token) => (token ? undefined : ticket(right ? channelBinding : undefined)),
                  close: () => undefined,
                }),
              },
            },
          ]
        : [],
    tls: {
      pins: [service.pin],
      ...(scheme === 'certificate' && right && { clientCertificate: await clientIdentity() }),
    },
    limits: { answerMillis: setting.answerMillis ?? 10_000 },
  });
  clients.push(client);
  return openCesIssuer({
    name: 'corp',
    client,
    url: service.url,
    token:
      scheme === 'userNameToken'
        ? { user: account, password: right ? password : 'wrong' }
        : undefined,
    identity: account,
    templates: { signature: 'Phones', encryption: 'Phones', generalPurpose: 'Phones' },
    attributes: [['rmd', 'gateway & <co>']],
    chain: 'chain' in setting ? setting.chain : [ca.certificate],
    pins: setting.pins ?? [],
    state: {
      get: (key) => Promise.resolve(kept.get(key)),
      set: (key, value) => Promise.resolve(void kept.set(key, value)),
    },
    submitMillis: setting.submitMillis ?? 10_000,
    report: (notice) => notices.push(notice),
    clock,
  });
}

async function submit(to: AdcsIssuer, template?: string) {
  const made = await issuanceRequest('transaction-1');
  const request = template === undefined ? made : { ...made, template };
  return to.submit(request, authorizationFor(request));
}

issuerContract('adcs-ces', async (reachability) => {
  service = await start('userNameToken');
  const issuer = await open();
  if (reachability === 'unreachable') await service.close();
  return issuer;
});

describe.each<Scheme>(['userNameToken', 'negotiate', 'certificate'])(
  'through CES, signed in by %s',
  (scheme) => {
    beforeEach(async () => {
      service = await start(scheme);
    });

    test('a certificate is issued, to the template and attributes of the request', async () => {
      const outcome = await submit(await open({ scheme }));
      if (outcome.kind !== 'issued') throw new Error(JSON.stringify(outcome));
      expect(verifyIssuedBy(outcome.certificate, ca.certificate)).toBe(true);
      expect(service.questions.map(({ type }) => type)).toEqual(['Issue']);
      expect([...(ca.requests[0]?.attributes ?? [])]).toEqual([
        ['CertificateTemplate', 'Phones'],
        ['rmd', 'gateway & <co>'],
      ]);
    });

    test('pending, then issued', async () => {
      const issuer = await open({ scheme });
      expect(await submit(issuer, 'Manual')).toEqual({ kind: 'pending', requestId: '81' });
      expect(await issuer.retrieve('81', csrKey)).toEqual({ kind: 'pending', requestId: '81' });
      await ca.issue(81);
      expect(await issuer.retrieve('81', csrKey)).toMatchObject({ kind: 'issued' });
      expect(ca.requests).toHaveLength(1);
    });

    test('pending, then denied', async () => {
      const issuer = await open({ scheme });
      expect(await submit(issuer, 'Manual')).toEqual({ kind: 'pending', requestId: '81' });
      ca.deny(81);
      expect(await issuer.retrieve('81', csrKey)).toMatchObject({
        kind: 'refused',
        hresult: 0x80094014,
        text: 'The CA refused the request: a certificate manager denied the request (0x80094014).',
        detail: expect.stringContaining('request id 81') as unknown,
      });
    });

    test('denied by policy', async () => {
      expect(await submit(await open({ scheme }), 'LongKeys')).toMatchObject({
        kind: 'refused',
        hresult: 0x80094811,
      });
    });

    test('a template that is not offered', async () => {
      expect(await submit(await open({ scheme }), 'Nowhere')).toMatchObject({
        kind: 'refused',
        hresult: 0x80094800,
      });
    });

    test('a wrong password, ticket, or no certificate', async () => {
      const outcome = await submit(await open({ scheme, right: false }));
      expect(outcome).toMatchObject({
        kind: 'unavailable',
        submission: 'none',
        mend: expect.any(String) as unknown,
      });
      expect(JSON.stringify(outcome)).not.toContain('wrong"');
      expect(ca.requests).toHaveLength(0);
    });

    test('the CA service down', async () => {
      ca.outage = '0x800706ba';
      expect(await submit(await open({ scheme }))).toMatchObject({
        kind: 'unavailable',
        submission: 'none',
      });
    });

    test('the CA lost in the middle of a call', async () => {
      ca.outage = '0x800706be';
      expect(await submit(await open({ scheme }))).toMatchObject({
        kind: 'unavailable',
        submission: 'unknown',
      });
    });

    test('nobody listens', async () => {
      const issuer = await open({ scheme });
      await service.close();
      expect(await submit(issuer)).toMatchObject({ kind: 'unavailable', submission: 'none' });
    });

    test.each<[Cut, number]>([
      ['before', 0],
      ['after', 1],
      ['middle', 1],
    ])('the connection cut %s the answer came', async (cut, requests) => {
      const issuer = await open({ scheme });
      service.cut = cut;
      expect(await submit(issuer)).toMatchObject({ kind: 'unavailable', submission: 'unknown' });
      expect(ca.requests).toHaveLength(requests);
    });

    test.each([{ answerMillis: 1000 }, { submitMillis: 1000 }])(
      'no answer in time: %j',
      async (limits) => {
        const issuer = await open({ scheme, ...limits });
        service.cut = 'hang';
        expect(await submit(issuer)).toMatchObject({ kind: 'unavailable', submission: 'unknown' });
      },
    );

    test.each<Cut>(['before', 'after', 'middle'])(
      'cut %s the answer to a poll: asked again later',
      async (cut) => {
        const issuer = await open({ scheme });
        await submit(issuer, 'Manual');
        await ca.issue(81);
        service.cut = cut;
        expect(await issuer.retrieve('81', csrKey)).toMatchObject({
          kind: 'unavailable',
          submission: 'none',
        });
        service.cut = undefined;
        expect(await issuer.retrieve('81', csrKey)).toMatchObject({ kind: 'issued' });
      },
    );
  },
);

describe('what CES answers', () => {
  beforeEach(async () => {
    service = await start('userNameToken');
  });

  function answering(make: (question: { readonly messageId: string }) => RawAnswer) {
    service.answer = make;
  }

  test.each([
    ['a fault', { code: 's:Receiver' }],
    ['a rejection', { code: 's:Sender', subcode: [wsse, 'InvalidSecurity'] as const }],
  ])('%s that quotes the password is told without it', async (_, parts) => {
    const reason = 'Cannot verify svc / right &amp; &lt;proper&gt;.';
    answering((question) => rawFault(question, { ...parts, reason }));
    const told = JSON.stringify(await submit(await open()));
    expect(told).toContain('Cannot verify svc / (password).');
    expect(told).not.toContain(password);
  });

  test.each([
    ['as we wrote it', 'right &#38; &#60;proper&#62;'],
    ['in hexadecimal', 'right &#x26; &#x03C;proper&#x3e;'],
    ['by names', 'right &amp; &lt;proper&gt;'],
    ['with other white space', 'right\n  & <proper>'],
    ['in capitals', 'RIGHT & <PROPER>'],
  ])('a fault that quotes our message with the password %s is told without it', async (_, form) => {
    const quoted = form.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
    answering((question) => rawFault(question, { code: 's:Receiver', reason: quoted }));
    expect(await submit(await open())).toMatchObject({
      detail: expect.stringMatching(/words: "\(password\)"$/) as unknown,
    });
  });

  test.each<readonly [FaultParts, object]>([
    // The CA's own no, with and without a code.
    [
      { errorCode: -2146875375, invalidRequest: true },
      { kind: 'refused', hresult: 0x80094811 },
    ],
    [
      { errorCode: -2146875375, requestId: '7' },
      { kind: 'refused', hresult: 0x80094811 },
    ],
    [{ errorCode: -2146875375 }, { kind: 'refused', hresult: 0x80094811 }],
    [{ invalidRequest: true }, { kind: 'refused', text: 'The CA refused the request.' }],
    [{ errorCode: 0, invalidRequest: true }, { kind: 'refused' }],
    // What passes is no refusal, whatever stands beside it.
    [
      { errorCode: -2147023174, invalidRequest: true },
      { kind: 'unavailable', submission: 'none' },
    ],
    [
      { errorCode: -2147023170, invalidRequest: true, requestId: '7' },
      { kind: 'unavailable', submission: 'unknown' },
    ],
    // Nobody can tell.
    [{}, { kind: 'unavailable', submission: 'unknown' }],
    [{ errorCode: 99999999999 }, { kind: 'unavailable', submission: 'unknown' }],
    // A code of success in a fault is no reason: it may have been issued.
    [{ errorCode: 0 }, { kind: 'unavailable', submission: 'unknown' }],
    [{ errorCode: 1 }, { kind: 'unavailable', submission: 'unknown' }],
    [{ errorCode: 0x90312 }, { kind: 'unavailable', submission: 'unknown' }],
    [
      { errorCode: 0x90312, requestId: '7' },
      {
        kind: 'unavailable',
        submission: 'unknown',
        detail: expect.stringContaining('request id 7.') as unknown,
      },
    ],
  ])('a fault with %j', async (parts, outcome) => {
    answering((question) => fault(question, parts));
    expect(await submit(await open())).toMatchObject(outcome);
  });

  test.each<
    readonly [readonly [string, string] | undefined, 'none' | 'unknown', string | undefined]
  >([
    [[wsse, 'FailedAuthentication'], 'none', 'Check user name and password'],
    [[wsse, 'InvalidSecurity'], 'none', 'compare the clocks'],
    [[wsu, 'MessageExpired'], 'none', 'compare the clocks'],
    [['http://www.w3.org/2005/08/addressing', 'ActionNotSupported'], 'none', 'Check `url`'],
    [['http://www.w3.org/2005/08/addressing', 'DestinationUnreachable'], 'none', 'Check `url`'],
    [[dispatcher, 'InternalServiceFault'], 'unknown', undefined],
    [['urn:nobody', 'FailedAuthentication'], 'unknown', undefined],
    [undefined, 'unknown', undefined],
  ])('a fault of WCF: %j', async (subcode, submission, mend) => {
    answering((question) =>
      rawFault(question, { code: 's:Sender', ...(subcode && { subcode }), reason: 'x' }),
    );
    expect(await submit(await open())).toMatchObject({
      kind: 'unavailable',
      submission,
      ...(mend !== undefined && { mend: expect.stringContaining(mend) as unknown }),
    });
  });

  test.each<readonly [RawAnswer, 'none' | 'unknown', string]>([
    [{ status: 500, body: '<html>' }, 'unknown', 'HTTP 500'],
    [{ status: 502, body: '' }, 'unknown', 'HTTP 502'],
    [{ status: 503, body: '', headers: { 'retry-after': '7' } }, 'none', 'HTTP 503'],
    [{ status: 403, body: '' }, 'none', 'HTTP 403'],
    [{ status: 404, body: '' }, 'none', 'HTTP 404'],
    [{ status: 401, body: '', headers: { 'www-authenticate': 'Negotiate' } }, 'none', 'negotiate'],
    [{ status: 200, body: '<html><body>Sign in</body></html>' }, 'unknown', 'no SOAP 1.2 message'],
    [{ status: 200, body: '<!DOCTYPE html><p>Hello' }, 'unknown', 'document type declaration'],
    [{ status: 200, body: '' }, 'unknown', 'ends too early'],
  ])('%j is no answer', async (raw, submission, detail) => {
    answering(() => raw);
    expect(await submit(await open())).toMatchObject({
      kind: 'unavailable',
      submission,
      detail: expect.stringContaining(detail) as unknown,
    });
  });

  test('a redirect is not followed, not even with an answer in it', async () => {
    service.answer = (question) => ({
      ...response(question, { requestId: '9' }),
      status: 307,
      headers: { location: `${service.origin}/other` },
    });
    const outcome = await submit(await open());
    expect(outcome).toMatchObject({ kind: 'unavailable', submission: 'none' });
    expect(outcome).toHaveProperty('mend', expect.stringContaining('redirects to'));
    expect(service.questions).toHaveLength(1);
  });

  test('more than a megabyte is not read', async () => {
    answering(() => ({ body: Buffer.alloc(1024 * 1024 + 1, 0x20) }));
    expect(await submit(await open())).toMatchObject({
      kind: 'unavailable',
      submission: 'unknown',
      detail: expect.stringContaining('larger than') as unknown,
    });
  });

  test('an answer to another message is none', async () => {
    answering(() => response({ messageId: 'urn:uuid:1' }, { requestId: '9' }));
    expect(await submit(await open())).toMatchObject({
      kind: 'unavailable',
      submission: 'unknown',
      detail: expect.stringContaining('to another question') as unknown,
    });
  });

  test('nor is one about another request', async () => {
    answering((question) => response(question, { requestId: '7' }));
    expect(await (await open()).retrieve('81', csrKey)).toMatchObject({
      kind: 'unavailable',
      submission: 'none',
      detail: 'The CA answered for request 7, asked for 81.',
    });
  });

  test('under submission without a request id leaves it unknown', async () => {
    answering((question) => response(question, {}));
    expect(await submit(await open())).toMatchObject({
      kind: 'unavailable',
      submission: 'unknown',
    });
  });

  test('a request id is whatever text the server names', async () => {
    const requestId = '340282366920938463463374607431768211455';
    answering((question) => response(question, { requestId }));
    const issuer = await open();
    expect(await submit(issuer)).toEqual({ kind: 'pending', requestId });
    expect(await issuer.retrieve(requestId, csrKey)).toEqual({ kind: 'pending', requestId });
    expect(service.questions.at(-1)?.requestId).toBe(requestId);
    expect(await issuer.retrieve('8 1', csrKey)).toMatchObject({ kind: 'refused' });
  });

  test('an issued certificate that cannot be read is asked for again, and then waits', async () => {
    answering((question) =>
      response(question, { requestId: '9', certificate: Buffer.from('3003', 'hex') }),
    );
    expect(await submit(await open())).toEqual({ kind: 'pending', requestId: '9' });
    expect(service.questions.map(({ type }) => type)).toEqual(['Issue', 'QueryTokenStatus']);
  });

  test('a certificate that stands in the CMC response alone is found there', async () => {
    service.answer = (question) => {
      const [request] = ca.requests;
      if (request?.state.kind !== 'issued') return undefined;
      const bundle = certificateBundle([ca.certificate, request.state.certificate]);
      return response(question, { requestId: '81', bundle });
    };
    const issuer = await open();
    await submit(issuer);
    expect(await issuer.retrieve('81', csrKey)).toMatchObject({ kind: 'issued' });
  });

  test('a certificate for another key is not handed out', async () => {
    ca.wrongKey = 'client-2';
    expect(await submit(await open())).toMatchObject({
      kind: 'unavailable',
      submission: 'unknown',
      detail: expect.stringContaining('is for another key than the request') as unknown,
    });
    expect(notices).toMatchObject([{ severity: 'error', code: 'upstream.failed' }]);
  });

  test('a request that nobody knows is refused when it is asked after', async () => {
    expect(await (await open()).retrieve('4711', csrKey)).toMatchObject({
      kind: 'refused',
      hresult: 0x80094004,
    });
  });

  test.each([
    ['E_ACCESSDENIED', 0x80070005],
    ['CERTSRV_E_ENROLL_DENIED', 0x80094011],
    ['ERROR_LOGON_FAILURE', 0x8007052e],
    ['SEC_E_LOGON_DENIED', 0x8009030c],
  ])('a poll that may not ask (%s) ends no request, and the next hears of it', async (_, code) => {
    const issuer = await open();
    expect(await submit(issuer, 'Manual')).toEqual({ kind: 'pending', requestId: '81' });
    await ca.issue(81);
    answering((question) => fault(question, { errorCode: code | 0, invalidRequest: true }));
    expect(await issuer.retrieve('81', csrKey)).toMatchObject({
      kind: 'unavailable',
      submission: 'none',
      mend: expect.any(String) as unknown,
    });
    service.answer = undefined;
    expect(await issuer.retrieve('81', csrKey)).toMatchObject({ kind: 'issued' });
  });

  test('a poll that finds the CA down is no refusal', async () => {
    ca.outage = '0x800706ba';
    expect(await (await open()).retrieve('81', csrKey)).toMatchObject({
      kind: 'unavailable',
      submission: 'none',
    });
  });

  test('a clock that is wrong is told as such', async () => {
    const issuer = await open({ clock: () => new Date(Date.now() - 3_600_000) });
    expect(await submit(issuer)).toMatchObject({
      kind: 'unavailable',
      submission: 'none',
      mend: expect.stringContaining('compare the clocks') as unknown,
    });
  });

  test('names and passwords stay text', async () => {
    await submit(await open());
    const [{ text } = { text: '' }] = service.questions;
    expect(text).toContain('>right &#38; &#60;proper&#62;</');
    expect(text).not.toContain('<proper>');
  });
});

describe('maintenance', () => {
  beforeEach(async () => {
    service = await start('userNameToken');
  });

  test('is silent while CES lets us in and reaches the CA, and asks for nothing', async () => {
    expect(await (await open()).maintain()).toEqual([]);
    expect(ca.requests).toHaveLength(0);
  });

  test('tells of a login that is refused', async () => {
    expect(await (await open({ right: false })).maintain()).toMatchObject([
      {
        severity: 'error',
        text: expect.stringContaining('Check user name and password') as unknown,
      },
    ]);
  });

  test.each([true, false])('tells when the CA turns the account away: %j', async (invalid) => {
    service.answer = (question) =>
      fault(question, { errorCode: 0x80070005 | 0, invalidRequest: invalid });
    expect(await (await open()).maintain()).toMatchObject([
      { severity: 'error', text: expect.stringContaining('E_ACCESSDENIED') as unknown },
    ]);
  });

  test('tells when CES does not reach the CA', async () => {
    ca.outage = '0x800706ba';
    expect(await (await open()).maintain()).toMatchObject([
      { severity: 'error', text: expect.stringContaining('0x800706ba') as unknown },
    ]);
  });
});

describe('the chain', () => {
  beforeEach(async () => {
    service = await start('userNameToken');
  });

  test('comes with the first certificate where none is configured, and is kept', async () => {
    const issuer = await open({ chain: undefined });
    expect(issuer.chain).toEqual([]);
    expect(await issuer.maintain()).toMatchObject([{ code: 'upstream.failed' }]);
    expect(await submit(issuer)).toMatchObject({ kind: 'issued' });
    expect(issuer.chain.map(({ subject }) => subject.text)).toEqual([ca.certificate.subject.text]);
    expect(await issuer.maintain()).toEqual([]);
    expect((await open({ chain: undefined })).chain).toHaveLength(1);
  });

  test('is not taken from an answer that does not match the pin', async () => {
    const issuer = await open({ chain: undefined, pins: ['00'.repeat(32)] });
    expect(await submit(issuer)).toMatchObject({ kind: 'unavailable', submission: 'unknown' });
    expect(issuer.chain).toEqual([]);
  });
});
