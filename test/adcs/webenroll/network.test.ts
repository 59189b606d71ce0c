/** The issuer over real HTTPS: each way to sign in × what can become of a request. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openWebEnrollmentIssuer } from '../../../src/adcs/index.js';
import type { IssuanceOutcome, IssuanceRequest } from '../../../src/issuer/index.js';
import {
  createWebClient,
  type WebClient,
  type WebClientOptions,
} from '../../../src/web-client/index.js';
import { authorizationFor, issuanceRequest } from '../../issuer/issuer.contract.js';
import { testKey } from '../../support/keys.js';
import { FakeCa } from '../certsrv/fake-ca.js';
import {
  clientIdentity,
  password,
  startCertsrv,
  type CertsrvServer,
  type Cut,
  type Scheme,
} from '../certsrv/server.js';

/** Of the device in `issuanceRequest`. */
const csrKey = testKey('client').publicKey.id;

let ca: FakeCa;
let server: CertsrvServer;
let clients: WebClient[];

beforeEach(async () => {
  ca = await FakeCa.create();
  clients = [];
});

afterEach(async () => {
  clients.forEach((client) => client.close());
  await server.close();
});

async function open(scheme: Scheme, secret = password, limits: WebClientOptions['limits'] = {}) {
  const account = { user: scheme === 'basic' ? 'LAB\\svc' : 'svc', password: secret };
  const client = createWebClient({
    origin: server.origin,
    credentials:
      scheme === 'basic'
        ? [{ kind: 'basic', ...account }]
        : scheme === 'ntlm'
          ? [{ kind: 'ntlm', domain: 'LAB', ...account }]
          : [],
    tls: {
      pins: [server.pin],
      ...(scheme === 'certificate' &&
        secret === password && { clientCertificate: await clientIdentity() }),
    },
    userAgent: 'Mozilla/5.0 (compatible; scep-gateway)',
    limits,
  });
  clients.push(client);
  return openWebEnrollmentIssuer({
    name: 'corp',
    client,
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
}

type Issuer = Awaited<ReturnType<typeof open>>;

async function submit(issuer: Issuer, template?: string): Promise<IssuanceOutcome> {
  const plain = await issuanceRequest('transaction-1');
  const request: IssuanceRequest = template === undefined ? plain : { ...plain, template };
  return issuer.submit(request, authorizationFor(request));
}

const posts = () => server.served.filter((request) => request.startsWith('POST'));

describe.each<Scheme>(['basic', 'ntlm', 'certificate'])('signed in by %s', (scheme) => {
  beforeEach(async () => {
    server = await startCertsrv(ca, scheme);
  });

  test('issued', async () => {
    expect(await submit(await open(scheme))).toMatchObject({ kind: 'issued' });
    expect(posts()).toEqual(['POST /certsrv/certfnsh.asp']);
    expect(ca.requests[0]?.user).toBe('LAB\\svc');
  });

  test('pending, then issued', async () => {
    const issuer = await open(scheme);
    expect(await submit(issuer, 'Manual')).toEqual({ kind: 'pending', requestId: '81' });
    expect(await issuer.retrieve('81', csrKey)).toEqual({ kind: 'pending', requestId: '81' });
    await ca.issue(81);
    expect(await issuer.retrieve('81', csrKey)).toMatchObject({ kind: 'issued' });
    expect(posts()).toHaveLength(1);
  });

  test('pending, then denied', async () => {
    const issuer = await open(scheme);
    expect(await submit(issuer, 'Manual')).toEqual({ kind: 'pending', requestId: '81' });
    ca.deny(81);
    expect(await issuer.retrieve('81', csrKey)).toMatchObject({
      kind: 'refused',
      hresult: 0x80094014,
    });
  });

  test('denied by policy', async () => {
    expect(await submit(await open(scheme), 'LongKeys')).toMatchObject({
      kind: 'refused',
      hresult: 0x80094811,
    });
  });

  test('a template that is not offered', async () => {
    expect(await submit(await open(scheme), 'Nowhere')).toMatchObject({
      kind: 'refused',
      hresult: 0x80094800,
    });
  });

  test('a wrong password, or no certificate', async () => {
    const outcome = await submit(await open(scheme, 'wrong'));
    expect(outcome).toMatchObject({ kind: 'unavailable', submission: 'none' });
    expect(outcome).toHaveProperty('mend');
    expect(JSON.stringify(outcome)).not.toContain('wrong"');
    expect(ca.requests).toHaveLength(0);
  });

  test('the CA service down', async () => {
    const issuer = await open(scheme);
    await issuer.maintain();
    ca.outage = '0x800706ba';
    expect(await submit(issuer)).toMatchObject({ kind: 'unavailable', submission: 'none' });
  });

  test('the web server down', async () => {
    const issuer = await open(scheme);
    await issuer.maintain();
    await server.close();
    expect(await submit(issuer)).toMatchObject({ kind: 'unavailable', submission: 'none' });
    expect(ca.requests).toHaveLength(0);
  });

  test.each<[Cut, number]>([
    ['before', 0],
    ['after', 1],
    ['middle', 1],
  ])('the connection cut %s the POST is answered', async (cut, requests) => {
    const issuer = await open(scheme);
    await issuer.maintain();
    server.cut = (method) => (method === 'POST' ? cut : undefined);
    expect(await submit(issuer)).toMatchObject({ kind: 'unavailable', submission: 'unknown' });
    expect(ca.requests).toHaveLength(requests);
    expect(posts().length).toBe(requests);
  });

  test('no answer in time', async () => {
    const issuer = await open(scheme, password, { answerMillis: 1000 });
    await issuer.maintain();
    server.cut = (method) => (method === 'POST' ? 'hang' : undefined);
    expect(await submit(issuer)).toMatchObject({ kind: 'unavailable', submission: 'unknown' });
  });

  test.each<Cut>(['before', 'after', 'middle'])(
    'cut %s the certificate came: it is fetched later, not asked for again',
    async (cut) => {
      const issuer = await open(scheme);
      await issuer.maintain();
      server.cut = (_, path) => (path.includes('certnew.cer') ? cut : undefined);
      expect(await submit(issuer)).toEqual({ kind: 'pending', requestId: '81' });
      server.cut = () => undefined;
      expect(await issuer.retrieve('81', csrKey)).toMatchObject({ kind: 'issued' });
      expect(ca.requests).toHaveLength(1);
    },
  );

  test('cut while the chain is fetched: nothing was sent', async () => {
    const issuer = await open(scheme);
    server.cut = (_, path) => (path.includes('certnew.p7b') ? 'middle' : undefined);
    expect(await submit(issuer)).toMatchObject({ kind: 'unavailable', submission: 'none' });
    expect(ca.requests).toHaveLength(0);
  });
});
