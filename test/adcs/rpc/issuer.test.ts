import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openRpcIssuer } from '../../../src/adcs/index.js';
import type { AdcsIssuer } from '../../../src/adcs/adcs-issuer.js';
import { ntlmSignIn, spnegoNtlmSignIn, type RpcSignIn } from '../../../src/dcerpc/index.js';
import type { Notice } from '../../../src/issuer/index.js';
import { verifyIssuedBy, type Certificate } from '../../../src/x509/index.js';
import { authorizationFor, issuanceRequest, issuerContract } from '../../issuer/issuer.contract.js';
import { testKey } from '../../support/keys.js';
import type { PeerStep } from '../../dcerpc/peer.js';
import { FakeCa } from '../certsrv/fake-ca.js';
import {
  answer,
  startCaServer,
  type CaServer,
  type CaServerOptions,
  type RawAnswer,
} from './ca-server.js';

const account = { user: 'svc-scep', domain: 'LAB', password: 'Scep-Passw0rd!' };
const mechanisms: readonly (readonly [string, () => RpcSignIn])[] = [
  ['NTLM', () => ntlmSignIn(account)],
  ['NTLM in SPNEGO', () => spnegoNtlmSignIn(account)],
];

let ca: FakeCa;
let notices: Notice[];
let kept: Map<string, string>;
const servers: CaServer[] = [];

beforeEach(async () => {
  ca = await FakeCa.create();
  notices = [];
  kept = new Map();
});

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function server(options: CaServerOptions = {}): Promise<CaServer> {
  const started = await startCaServer(ca, options);
  servers.push(started);
  return started;
}

interface Where {
  readonly port: number;
  readonly mapperPort: number;
}

async function issuer(
  { port, mapperPort }: Where,
  options: {
    readonly signIns?: readonly (() => RpcSignIn)[];
    readonly mapped?: boolean;
    readonly submitMillis?: number;
    readonly chain?: readonly Certificate[] | undefined;
    readonly pins?: readonly string[];
    readonly authority?: string;
  } = {},
): Promise<AdcsIssuer> {
  const { signIns = [() => ntlmSignIn(account)], mapped = true, submitMillis = 10_000 } = options;
  return openRpcIssuer({
    name: 'corp',
    host: '127.0.0.1',
    port: mapped ? undefined : port,
    mapperPort,
    authority: options.authority ?? 'LAB-CA1-CA',
    signIns: signIns.map((make) => () => Promise.resolve(make())),
    identity: 'LAB\\svc-scep',
    templates: { signature: 'Signing', encryption: 'Enciphering', generalPurpose: 'Phones' },
    attributes: [['rmd', 'gateway.lab.test']],
    chain: 'chain' in options ? options.chain : [ca.certificate],
    pins: options.pins ?? [],
    state: {
      get: (key) => Promise.resolve(kept.get(key)),
      set: (key, value) => Promise.resolve(void kept.set(key, value)),
    },
    submitMillis,
    report: (notice) => notices.push(notice),
    clock: () => new Date(),
  });
}

async function submit(to: AdcsIssuer, template?: string) {
  const made = await issuanceRequest('transaction-1');
  const request = template === undefined ? made : { ...made, template };
  return to.submit(request, authorizationFor(request));
}

/** Id of the key that `issuanceRequest` uses. */
const clientKey = testKey('client').publicKey.id;
const nowhere: Where = { port: 1, mapperPort: 1 };

issuerContract('adcs-rpc', async (reachability) =>
  issuer(reachability === 'reachable' ? await server() : nowhere),
);

describe.each(mechanisms)('over RPC, signed in by %s', (_, signIn) => {
  const signIns = [signIn];

  test('a certificate is issued, to the template and attributes of the request', async () => {
    const started = await server();
    const outcome = await submit(await issuer(started, { signIns }));
    expect(outcome).toMatchObject({ kind: 'issued' });
    expect(outcome.kind === 'issued' && verifyIssuedBy(outcome.certificate, ca.certificate)).toBe(
      true,
    );
    expect(started.flags).toEqual([0x100]);
    expect(ca.requests).toMatchObject([{ user: 'LAB\\svc-scep', template: 'Phones' }]);
    expect(ca.requests[0]?.attributes.get('rmd')).toBe('gateway.lab.test');
  });

  test('a request that waits is issued later', async () => {
    const to = await issuer(await server(), { signIns });
    expect(await submit(to, 'Manual')).toEqual({ kind: 'pending', requestId: '81' });
    expect(await to.retrieve('81', clientKey)).toEqual({ kind: 'pending', requestId: '81' });
    await ca.issue(81);
    expect(await to.retrieve('81', clientKey)).toMatchObject({ kind: 'issued' });
  });

  test('a request that waits is denied by an officer', async () => {
    const to = await issuer(await server(), { signIns });
    await submit(to, 'Manual');
    ca.deny(81);
    expect(await to.retrieve('81', clientKey)).toMatchObject({
      kind: 'refused',
      hresult: 0x80094014,
      text: 'The CA refused the request: a certificate manager denied the request (0x80094014).',
      detail: expect.stringContaining('request id 81') as unknown,
    });
  });

  test('the policy module denies', async () => {
    const outcome = await submit(await issuer(await server(), { signIns }), 'LongKeys');
    expect(outcome).toMatchObject({ kind: 'refused', hresult: 0x80094811 });
  });

  test('the CA does not offer the template', async () => {
    const outcome = await submit(await issuer(await server(), { signIns }), 'Nope');
    expect(outcome).toMatchObject({
      kind: 'refused',
      hresult: 0x80094800,
      text: 'The CA refused the request for a reason that its administrator must mend (0x80094800).',
    });
  });

  test('answers in fragments of odd sizes are put together', async () => {
    for (const stubOctets of [1, 7, 1000]) {
      const started = await server({ stubOctets, mostOctets: 1432 });
      expect(await submit(await issuer(started, { signIns }))).toMatchObject({ kind: 'issued' });
    }
  });
});

describe('the way in', () => {
  test('a fixed port needs no endpoint mapper', async () => {
    const { port } = await server();
    const to = await issuer({ port, mapperPort: 1 }, { mapped: false });
    expect(await submit(to)).toMatchObject({ kind: 'issued' });
  });

  test('a server that takes no bare NTLM gets it in SPNEGO, and the next time at once', async () => {
    const started = await server({ mechanisms: [9] });
    const to = await issuer(started, {
      signIns: [() => ntlmSignIn(account), () => spnegoNtlmSignIn(account)],
    });
    expect(await submit(to)).toMatchObject({ kind: 'issued' });
    const first = started.peer.seen.length;
    expect(await submit(to)).toMatchObject({ kind: 'issued' });
    expect(started.peer.seen.slice(0, first)).toEqual([11, 11, 14, 0]);
    expect(started.peer.seen.slice(first)).toEqual([11, 14, 0]);
  });

  test('an unknown name of the CA is a matter of configuration', async () => {
    const outcome = await submit(await issuer(await server(), { authority: 'Other CA' }));
    expect(outcome).toMatchObject({ kind: 'refused', hresult: 0x80070057 });
  });
});

describe('an outage is none of the device’s', () => {
  test.each<readonly [string, CaServerOptions, string]>([
    ['the endpoint mapper answers with a fault', { mapper: 'faults' }, 'Check host and port'],
    ['no way to sign in is known', { mechanisms: [9] }, 'another way to sign in'],
    ['the password is wrong', { accounts: { 'svc-scep': 'other' } }, 'Check user name, password'],
    ['the account is unknown', { accounts: {} }, 'Check user name, password'],
  ])('%s', async (_, options, mend) => {
    expect(await submit(await issuer(await server(options)))).toMatchObject({
      kind: 'unavailable',
      submission: 'none',
      mend: expect.stringContaining(mend) as unknown,
    });
    expect(ca.requests).toHaveLength(0);
  });

  // No `mend`, which would keep the gateway away for the longest wait: a restart is over sooner.
  test('nobody answers', async () => {
    expect(await submit(await issuer(nowhere, { mapped: false }))).toEqual({
      kind: 'unavailable',
      submission: 'none',
      detail: expect.stringMatching(/ECONNREFUSED.*check `host` and `port`/) as unknown,
    });
  });

  test('the endpoint mapper knows no CA yet', async () => {
    expect(await submit(await issuer(await server({ mapper: 'knows-nothing' })))).toEqual({
      kind: 'unavailable',
      submission: 'none',
      detail: expect.stringContaining('CertSvc') as unknown,
    });
  });

  test.each<readonly [PeerStep, 'cut' | 'silence']>([
    ['accept', 'cut'],
    ['bind_ack', 'cut'],
    ['execute', 'cut'],
    ['response', 'cut'],
    ['bind_ack', 'silence'],
    ['response', 'silence'],
  ])('the endpoint mapper at %s: %s. Nothing was sent to the CA', async (step, how) => {
    const started = await server({
      mapperMisbehaves: (now) => (now === step ? how : undefined),
    });
    expect(await submit(await issuer(started, { submitMillis: 400 }))).toMatchObject({
      kind: 'unavailable',
      submission: 'none',
    });
    expect([started.peer.seen, ca.requests]).toEqual([[], []]);
  });

  test('the endpoint mapper talks nonsense', async () => {
    const started = await server({
      mapperMisbehaves: (now) =>
        now === 'response' ? { instead: Buffer.alloc(64, 0xff) } : undefined,
    });
    expect(await submit(await issuer(started))).toMatchObject({ submission: 'none' });
  });

  test.each<readonly [number, 'none' | 'unknown']>([
    [0x00000005, 'none'],
    [0x00000721, 'none'],
    [0x000006ba, 'none'],
    [0x000006bb, 'none'],
    [0x000006bf, 'none'],
    [0x1c010002, 'none'],
    [0x1c010014, 'none'],
    [0x000006be, 'unknown'],
    [0x000006f7, 'unknown'],
    [0xc0000005, 'unknown'],
    [0x1c000001, 'unknown'],
  ])('fault %i leaves a submission %s', async (fault, submission) => {
    const started = await server({ answer: () => ({ fault }) });
    expect(await submit(await issuer(started))).toMatchObject({ kind: 'unavailable', submission });
  });

  test('a fault that says that nothing ran is believed', async () => {
    const started = await server({ answer: () => ({ fault: 0x000006f7, flags: 0x20 }) });
    expect(await submit(await issuer(started))).toMatchObject({ submission: 'none' });
  });

  test.each<readonly [number, 'none' | 'unknown']>([
    [0x800706ba, 'none'],
    [0x80094006, 'none'],
    [0x800706be, 'unknown'],
  ])('return value %i leaves a submission %s', async (returned, submission) => {
    const started = await server({ answer: () => answer({ returned }) });
    expect(await submit(await issuer(started))).toMatchObject({ kind: 'unavailable', submission });
  });

  test.each<readonly [string, RawAnswer, string]>([
    ['a code of success and nothing else', { returned: 1 }, 'answered with an error.'],
    ['a Win32 code without its HRESULT', { returned: 5, disposition: 1 }, 'with an error.'],
    ['an unknown disposition', { requestId: 81, disposition: 21 }, 'error, request id 81.'],
  ])('%s: the CA may have the request, so an operator looks', async (_, said, words) => {
    const outcome = await submit(await issuer(await server({ answer: () => answer(said) })));
    expect(outcome).toEqual({
      kind: 'unavailable',
      submission: 'unknown',
      detail: expect.stringContaining(words) as unknown,
    });
  });

  test.each<readonly [string, RawAnswer]>([
    ['a code of success', { requestId: 81, returned: 1 }],
    ['an unknown disposition', { requestId: 81, disposition: 21 }],
  ])('%s in answer to a poll refuses nothing', async (_, said) => {
    const to = await issuer(await server({ answer: () => answer(said) }));
    expect(await to.retrieve('81', clientKey)).toMatchObject({ kind: 'unavailable' });
  });

  test('a request id is kept for a poll that finds the CA down', async () => {
    const to = await issuer(await server());
    await submit(to, 'Manual');
    ca.outage = '0x800706ba';
    expect(await to.retrieve('81', clientKey)).toMatchObject({
      kind: 'unavailable',
      submission: 'none',
    });
  });
});

describe('a connection cut or silent', () => {
  const steps: readonly (readonly [PeerStep, 'none' | 'unknown', requests: number])[] = [
    ['accept', 'none', 0],
    ['bind_ack', 'none', 0],
    ['alter_context_resp', 'none', 0],
    ['execute', 'unknown', 0],
    ['response', 'unknown', 1],
    ['middle-of-response', 'unknown', 1],
  ];

  test.each(steps)('cut at %s: %s', async (step, submission, requests) => {
    const started = await server({
      misbehave: (now) => (now === step ? 'cut' : undefined),
      stubOctets: 100,
    });
    const to = await issuer(started, { signIns: [() => spnegoNtlmSignIn(account)] });
    expect(await submit(to)).toMatchObject({ kind: 'unavailable', submission });
    expect(ca.requests).toHaveLength(requests);
  });

  test.each(steps)('silent at %s, beyond the time for all: %s', async (step, submission) => {
    const started = await server({
      misbehave: (now) => (now === step ? 'silence' : undefined),
      stubOctets: 100,
    });
    const to = await issuer(started, {
      signIns: [() => spnegoNtlmSignIn(account)],
      submitMillis: 1200,
    });
    expect(await submit(to)).toMatchObject({
      kind: 'unavailable',
      submission,
      detail: expect.stringContaining('the time for the whole call is over') as unknown,
    });
  });
});

describe('a CA that is not to be trusted', () => {
  test('a certificate for another key is not handed out', async () => {
    ca.wrongKey = 'client-2';
    expect(await submit(await issuer(await server()))).toMatchObject({
      kind: 'unavailable',
      submission: 'unknown',
      detail: expect.stringContaining('is for another key than the request') as unknown,
    });
    expect(notices).toMatchObject([{ severity: 'error', code: 'upstream.failed' }]);
  });

  test('nor one of another CA', async () => {
    ca.signer = 'client-2';
    expect(await submit(await issuer(await server()))).toMatchObject({
      kind: 'unavailable',
      detail: expect.stringContaining('is not signed by the CA of this issuer') as unknown,
    });
  });

  test('an answer about another request is none', async () => {
    const other = answer({ requestId: 7, disposition: 5 });
    const to = await issuer(await server({ answer: () => other }));
    expect(await to.retrieve('81', clientKey)).toMatchObject({
      kind: 'unavailable',
      detail: 'The CA answered for request 7, asked for 81.',
    });
  });

  test('an issued certificate that cannot be read is asked for again, and then waits', async () => {
    const broken = answer({
      requestId: 9,
      disposition: 3,
      certificate: Buffer.from('3003', 'hex'),
    });
    const started = await server({ answer: () => broken });
    const to = await issuer(started);
    expect(await submit(to)).toEqual({ kind: 'pending', requestId: '9' });
    expect(started.flags).toEqual([0x100, 0]);
  });

  test('an answer that cannot be read leaves the submission unknown', async () => {
    const started = await server({ answer: () => Buffer.from('0300000003000000ff', 'hex') });
    expect(await submit(await issuer(started))).toMatchObject({
      kind: 'unavailable',
      submission: 'unknown',
    });
  });
});

describe('maintenance', () => {
  test('is silent while the CA answers and lets us in', async () => {
    const to = await issuer(await server());
    expect(await to.maintain()).toEqual([]);
    expect(ca.requests).toHaveLength(0);
  });

  test.each<readonly [string, CaServerOptions | undefined, string]>([
    ['nobody is there', undefined, 'check `host` and `port`'],
    ['the password is wrong', { accounts: {} }, 'Check user name, password'],
  ])('tells when %s', async (_, options, mend) => {
    const to = await issuer(options ? await server(options) : nowhere);
    expect(await to.maintain()).toMatchObject([
      {
        severity: 'error',
        code: 'upstream.failed',
        text: expect.stringContaining(mend) as unknown,
      },
    ]);
  });
});

describe('the chain', () => {
  test('comes with the first certificate where none is configured, and is kept', async () => {
    const started = await server();
    const to = await issuer(started, { chain: undefined });
    expect(to.chain).toEqual([]);
    expect(await to.maintain()).toMatchObject([{ code: 'upstream.failed' }]);
    expect(await submit(to)).toMatchObject({ kind: 'issued' });
    expect(to.chain.map(({ subject }) => subject.text)).toEqual([ca.certificate.subject.text]);
    expect(await to.maintain()).toEqual([]);
    const again = await issuer(nowhere, { chain: undefined });
    expect(again.chain).toHaveLength(1);
  });

  test('is not taken from an answer that does not match the pin', async () => {
    const to = await issuer(await server(), { chain: undefined, pins: ['00'.repeat(32)] });
    expect(await submit(to)).toMatchObject({
      kind: 'unavailable',
      submission: 'unknown',
    });
    expect(to.chain).toEqual([]);
  });

  test('without any, and none in the answer, nothing can be checked', async () => {
    const to = await issuer(await server({ withoutChain: true }), { chain: undefined });
    expect(await submit(to)).toMatchObject({ kind: 'unavailable', submission: 'unknown' });
  });
});
