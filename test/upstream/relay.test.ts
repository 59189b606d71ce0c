import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createChallenges, type Challenges } from '../../src/challenge/index.js';
import { createFastCodec } from '../../src/pkcs7/index.js';
import type { RelayEvent, RelayPrecheck, ScepServer } from '../../src/scep/index.js';
import { createScepRelay } from '../../src/scep/relay/index.js';
import { createMemoryChallengeStore } from '../../src/store/memory/index.js';
import { challengePrecheck } from '../../src/upstream/index.js';
import { issuedBy } from '../support/certificates.js';
import { testKey } from '../support/keys.js';
import { readReply, testDevice, testRequest, wire } from '../support/pki-message.js';
import { order } from '../challenge/orders.js';
import {
  impatient,
  reach,
  startUpstream,
  type ReachOptions,
  type Upstream,
} from './upstream-fixture.js';

const codec = createFastCodec();
const client = { correlationId: 'ref-1', address: '192.0.2.1', userAgent: undefined };

let upstream: Upstream;
let events: RelayEvent[];
let milliseconds: number;
const outages = new Map<number, 'none' | 'unknown'>();
afterEach(() => outages.clear());
beforeEach(async () => {
  upstream = await startUpstream();
  events = [];
  milliseconds = 0;
});
afterEach(() => upstream.close());

function relay(precheck?: RelayPrecheck, options: ReachOptions = {}): ScepServer {
  return createScepRelay({
    profiles: [
      {
        name: 'default',
        upstream: reach(upstream, options).server,
        precheck,
        outageOf: (hresult) => outages.get(hresult),
      },
    ],
    codec,
    randomBytes,
    stopwatch: () => (milliseconds += 5),
    onEvent: (event) => {
      events.push(event);
      return Promise.resolve();
    },
  });
}

function post(server: ScepServer, message: Buffer | undefined) {
  return server.handle({ profile: 'default', operation: 'PKIOperation', message, client });
}

describe('a message', () => {
  test('passes octet for octet, and so does its answer', async () => {
    const server = relay();
    const message = await upstream.scenario.message({ transactionId: 'tx-1' });
    const { status, contentType, body } = await post(server, message);
    expect(upstream.seen.at(-1)?.body.equals(message)).toBe(true);
    expect({ status, contentType }).toEqual({
      status: 200,
      contentType: 'application/x-pki-message',
    });
    const { raSigning } = upstream.scenario.authority;
    expect(readReply(body, raSigning.certificate, codec)).toMatchObject({ pkiStatus: '0' });
    expect(events).toEqual([
      {
        profile: 'default',
        client,
        transactionId: 'tx-1',
        messageType: 'PKCSReq',
        signer: {
          subject: upstream.scenario.device.certificate.subject.text,
          keyId: upstream.scenario.device.key.publicKey.id,
        },
        challengeId: undefined,
        outcome: 'success',
        failInfo: undefined,
        code: undefined,
        reason: undefined,
        milliseconds: 5,
      },
    ]);
  });

  test('that waits upstream is told so, and polled for as it is', async () => {
    upstream.scenario.enrollment.outcome = { kind: 'pending' };
    const server = relay();
    await post(server, await upstream.scenario.message());
    await post(server, await upstream.scenario.message({ messageType: wire.CertPoll }));
    expect(events).toMatchObject([
      { messageType: 'PKCSReq', outcome: 'pending' },
      { messageType: 'CertPoll', outcome: 'pending' },
    ]);
    expect(upstream.scenario.enrollment.polled).toHaveLength(1);
  });

  test('that upstream refuses is refused in its words, and on record with them', async () => {
    upstream.scenario.enrollment.outcome = {
      kind: 'rejected',
      code: 'challenge.refused',
      text: 'The password is wrong.',
    };
    const { body } = await post(relay(), await upstream.scenario.message());
    const { raSigning } = upstream.scenario.authority;
    expect(readReply(body, raSigning.certificate, codec)).toMatchObject({ pkiStatus: '2' });
    expect(events).toMatchObject([
      {
        outcome: 'failure',
        failInfo: 'badRequest',
        reason: expect.stringContaining('The password is wrong.'),
      },
    ]);
  });

  test('may be refused in Windows’ words, too', async () => {
    const other = await startUpstream({ microsoftAttributes: true });
    other.scenario.enrollment.outcome = { kind: 'rejected', code: 'policy.key', text: 'No.' };
    await upstream.close();
    upstream = other;
    await post(relay(), await upstream.scenario.message());
    expect(events[0]?.reason).toContain('HRESULT 0x80070057');
  });

  test.each([
    ['nothing', undefined],
    ['no ASN.1', Buffer.from('GET / HTTP/1.0')],
    ['random octets', randomBytes(3000)],
    ['nested without end', Buffer.from('3080'.repeat(400), 'hex')],
  ])('%s is kept from upstream', async (_name, message) => {
    await expect(post(relay(), message)).rejects.toMatchObject({ code: 'http.message' });
    expect(upstream.seen).toEqual([]);
    expect(events).toMatchObject([
      { outcome: 'refused', code: 'http.message', transactionId: undefined },
    ]);
  });

  test.each([
    ['an UpdateReq', { messageType: wire.UpdateReq }],
    ['a CertRep', { messageType: wire.CertRep }],
    ['a type nobody knows', { messageType: '99' }],
    ['one without content', { envelope: null }],
    ['one whose content is no envelope', { envelope: Buffer.from('3000', 'hex') }],
  ])('%s is kept from upstream', async (_name, odd) => {
    const message = await upstream.scenario.message(odd);
    await expect(post(relay(), message)).rejects.toMatchObject({ code: 'http.message' });
    expect(upstream.seen).toEqual([]);
  });
});

describe('an answer that is none', () => {
  test.each([
    ['garbage', { kind: 'body', body: randomBytes(2000) }],
    ['nothing', { kind: 'body', body: Buffer.alloc(0) }],
    ['a page', { kind: 'body', body: Buffer.from('<html>Server Error</html>') }],
    ['10 MB', { kind: 'body', body: Buffer.alloc(10_000_000, 0x30) }],
    ['half an answer', { kind: 'cut' }],
    ['silence', { kind: 'silent' }],
    ['500', { kind: 'status', status: 500 }],
    ['503', { kind: 'status', status: 503 }],
  ] as const)('%s becomes 503, never FAILURE', async (_name, misbehaviour) => {
    upstream.misbehaviour = misbehaviour;
    const server = relay(undefined, misbehaviour.kind === 'silent' ? impatient : {});
    await expect(post(server, await upstream.scenario.message())).rejects.toMatchObject({
      class: 'unavailable',
      retryAfterSeconds: 30,
    });
    expect(events).toMatchObject([{ outcome: 'unavailable', messageType: 'PKCSReq' }]);
    expect(events[0]?.code).toMatch(/^upstream\.|^scep\.reply$/);
  });

  test('the CertRep of another transaction is not passed on', async () => {
    const server = relay();
    const { body } = await post(server, await upstream.scenario.message({ transactionId: 'one' }));
    upstream.misbehaviour = { kind: 'body', body };
    await expect(
      post(server, await upstream.scenario.message({ transactionId: 'other' })),
    ).rejects.toMatchObject({
      code: 'upstream.no-answer',
      detail: expect.stringContaining('belongs to another transaction'),
    });
  });

  test('an old answer to the same transaction is not either: its nonce is another', async () => {
    const server = relay();
    const { body } = await post(server, await upstream.scenario.message());
    upstream.misbehaviour = { kind: 'body', body };
    await expect(post(server, await upstream.scenario.message())).rejects.toMatchObject({
      detail: expect.stringContaining('recipientNonce'),
    });
  });

  test('a CertRep by somebody else is not either, and the certificates are asked for anew', async () => {
    let now = new Date('2026-06-01T00:00:00Z');
    const server = relay(undefined, { clock: () => now });
    await post(server, await upstream.scenario.message());
    const other = await startUpstream();
    other.scenario.enrollment.outcome = { kind: 'pending' };
    const message = await upstream.scenario.message();
    const forged = await codec.sign({
      content: undefined,
      digest: 'sha256',
      attributes: [],
      signer: {
        certificate: await testDevice().then((d) => d.certificate),
        key: testKey('client'),
      },
      certificates: [],
    });
    upstream.misbehaviour = { kind: 'body', body: forged };
    now = new Date('2026-06-01T00:10:00Z');
    await expect(post(server, message)).rejects.toMatchObject({
      detail: expect.stringContaining('signed by no certificate of GetCACert'),
    });
    expect(upstream.operations().filter((name) => name === 'GetCACert')).toHaveLength(2);
    await other.close();
  });

  test('of one device leaves the next alone', async () => {
    const server = relay();
    upstream.misbehaviour = { kind: 'cut' };
    await expect(post(server, await upstream.scenario.message())).rejects.toThrow();
    upstream.misbehaviour = { kind: 'none' };
    expect((await post(server, await upstream.scenario.message())).status).toBe(200);
  });
});

describe('a FAILURE by which upstream tells of an outage behind it', () => {
  test.each([
    ['none', 'upstream.unavailable'],
    ['unknown', 'upstream.no-answer'],
  ] as const)('submission %s: 503, and the device comes again', async (submission, code) => {
    const other = await startUpstream({ microsoftAttributes: true });
    other.scenario.enrollment.outcome = { kind: 'rejected', code: 'policy.key', text: 'No.' };
    await upstream.close();
    upstream = other;
    const server = relay();
    expect((await post(server, await upstream.scenario.message())).status).toBe(200);
    outages.set(0x80070057, submission);
    await expect(post(server, await upstream.scenario.message())).rejects.toMatchObject({
      code,
      retryAfterSeconds: 30,
    });
    expect(events).toMatchObject([
      { outcome: 'failure' },
      { outcome: 'unavailable', code, reason: expect.stringContaining('HRESULT 0x80070057') },
    ]);
  });
});

describe('other operations', () => {
  const get = (server: ScepServer, operation: string) =>
    server.handle({ profile: 'default', operation, message: undefined, client });

  test('GetCACert and GetCACaps come from what is kept', async () => {
    const server = relay();
    await get(server, 'getcacaps');
    const { body } = await get(server, 'GETCACERT');
    expect(body).toEqual((await upstream.scenario.get('GetCACert')).body);
    await get(server, 'GetCACert');
    expect(upstream.operations()).toEqual(['GetCACaps', 'GetCACert']);
  });

  test('GetCACertChain passes, GetNextCACert that upstream does not know is no operation', async () => {
    const server = relay();
    expect((await get(server, 'GetCACertChain')).status).toBe(200);
    await expect(get(server, 'GetNextCACert')).rejects.toMatchObject({ code: 'http.operation' });
    expect(upstream.operations()).toEqual(['GetCACertChain', 'GetNextCACert']);
  });

  test('NDESGenerateChallenge does not: it would hand out passwords', async () => {
    await expect(get(relay(), 'NDESGenerateChallenge')).rejects.toMatchObject({
      code: 'http.operation',
    });
    expect(upstream.seen).toEqual([]);
  });

  test('another profile is none', async () => {
    await expect(
      relay().handle({ profile: 'x', operation: 'GetCACaps', message: undefined, client }),
    ).rejects.toMatchObject({ code: 'http.not-found' });
  });
});

describe('where the RA keys of upstream are ours', () => {
  let challenges: Challenges;
  beforeEach(() => {
    challenges = createChallenges({
      store: createMemoryChallengeStore({ maxKeys: 100 }),
      secret: Buffer.alloc(32, 1),
      singlePasswordSecret: Buffer.alloc(32, 2),
    });
  });

  function looking(): ScepServer {
    const { raSigning, raEncryption, ca } = upstream.scenario.authority;
    const clock = () => new Date();
    return relay({
      floor: { digests: ['sha256'], ciphers: ['aes-128-cbc', 'des-ede3-cbc'] },
      includeSigner: true,
      failureContent: 'empty',
      microsoftAttributes: false,
      registrationAuthority: () => ({ signing: raSigning, decryption: [raEncryption] }),
      check: challengePrecheck({ challenges, cas: () => [ca.certificate], clock }),
    });
  }

  async function withChallenge(password: string | undefined, transactionId = 'tx-1') {
    const content = await testRequest(upstream.scenario.device, {
      challengePassword: password ?? '',
    });
    return upstream.scenario.message({ content, transactionId });
  }

  async function challenge(): Promise<string> {
    const outcome = await challenges.issue(order({ binding: { profile: 'default' } }));
    if (outcome.kind === 'full') throw new Error('full');
    return outcome.password;
  }

  test('a challenge of ours passes once', async () => {
    const server = looking();
    const password = await challenge();
    const { raSigning } = upstream.scenario.authority;
    const statusOf = async (message: Buffer) =>
      readReply((await post(server, message)).body, raSigning.certificate, codec).pkiStatus;
    expect(await statusOf(await withChallenge(password))).toBe('0');
    expect(await statusOf(await withChallenge(password, 'tx-2'))).toBe('2');
    expect(upstream.operations().filter((name) => name === 'PKIOperation')).toHaveLength(1);
    expect(events).toMatchObject([
      { outcome: 'success', challengeId: expect.any(String) },
      { outcome: 'refused', code: 'challenge.refused', reason: 'challenge used' },
    ]);
  });

  test('a device that missed the answer sends its request again, which upstream answers', async () => {
    const server = looking();
    const password = await challenge();
    const content = await testRequest(upstream.scenario.device, { challengePassword: password });
    const again = () => upstream.scenario.message({ content, transactionId: 'tx-1' });
    const { raSigning } = upstream.scenario.authority;
    const statuses = [];
    for (const message of [await again(), await again()])
      statuses.push(
        readReply((await post(server, message)).body, raSigning.certificate, codec).pkiStatus,
      );
    expect(statuses).toEqual(['0', '0']);
    // Another request with that challenge is none of it, be it of the same key and transaction.
    const other = await testRequest(upstream.scenario.device, {
      challengePassword: password,
      subject: 'CN=another',
    });
    await post(server, await upstream.scenario.message({ content: other, transactionId: 'tx-1' }));
    expect(events.map(({ outcome, code }) => [outcome, code])).toEqual([
      ['success', undefined],
      ['success', undefined],
      ['refused', 'challenge.refused'],
    ]);
  });

  test.each([
    ['none', undefined, 'challenge.missing'],
    ['a wrong one', 'FFFFFFFFFFFFFFFF', 'challenge.refused'],
  ])('a request with %s is told so by us', async (_name, password, code) => {
    const { body } = await post(looking(), await withChallenge(password));
    const { raSigning } = upstream.scenario.authority;
    expect(readReply(body, raSigning.certificate, codec)).toMatchObject({
      pkiStatus: '2',
      failInfo: '2',
    });
    expect(upstream.seen).toEqual([]);
    expect(events).toMatchObject([{ outcome: 'refused', code }]);
  });

  test('a request sealed to another key is refused without a word on why', async () => {
    const message = await upstream.scenario.message({
      recipients: [upstream.scenario.authority.ca.certificate],
    });
    const { body } = await post(looking(), message);
    const { raSigning } = upstream.scenario.authority;
    expect(readReply(body, raSigning.certificate, codec)).toMatchObject({ failInfo: '1' });
    expect(upstream.seen).toEqual([]);
  });

  test('a certificate of upstream’s CA needs no challenge, one of another CA does', async () => {
    const { ca } = upstream.scenario.authority;
    const key = testKey('client');
    const own = await issuedBy(ca, key.publicKey, { subject: 'CN=device-1' });
    const server = looking();
    const sign = async (certificate: typeof own) =>
      post(server, await upstream.scenario.message({ signer: { certificate, key } }));
    await sign(own);
    const strange = await issuedBy({ certificate: own, key }, key.publicKey, {});
    await sign(strange);
    const expired = await issuedBy(ca, key.publicKey, {
      notBefore: new Date('2019-01-01T00:00:00Z'),
      notAfter: new Date('2020-01-01T00:00:00Z'),
    });
    await sign(expired);
    expect(events.map(({ outcome }) => outcome)).toEqual(['success', 'refused', 'refused']);
  });

  test('a challenge that never arrived upstream is open again, one in doubt is held', async () => {
    const server = looking();
    const [lost, doubtful] = [await challenge(), await challenge()];
    upstream.misbehaviour = { kind: 'status', status: 503 };
    await expect(post(server, await withChallenge(lost, 'a'))).rejects.toThrow();
    upstream.misbehaviour = { kind: 'cut' };
    await expect(post(server, await withChallenge(doubtful, 'b'))).rejects.toThrow();
    upstream.misbehaviour = { kind: 'none' };
    await post(server, await withChallenge(lost, 'c'));
    await post(server, await withChallenge(doubtful, 'd'));
    await post(server, await withChallenge(doubtful, 'b'));
    expect(events.map(({ outcome }) => outcome)).toEqual([
      'unavailable',
      'unavailable',
      'success',
      'refused',
      'success',
    ]);
  });
});
