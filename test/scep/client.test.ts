import { describe, expect, test } from '@jest/globals';
import { der } from '../../src/asn1/index.js';
import { certificateBundle } from '../../src/pkcs7/index.js';
import { readBundle } from '../../src/pkcs7/pkijs/index.js';
import type { ScepClient, ScepProfile, ScepSession, ScepSigner } from '../../src/scep/index.js';
import { createScepClient, selfSignedSigner } from '../../src/scep/client/index.js';
import {
  buildCertificationRequest,
  extendedKeyUsage,
  extendedKeyUsages,
  keyUsage,
  parseDistinguishedName,
  type Certificate,
} from '../../src/x509/index.js';
import { issuedBy, selfSigned } from '../support/certificates.js';
import { testKey, type TestKeyName } from '../support/keys.js';
import { testAuthority, testDevice } from '../support/pki-message.js';
import { codecs, scenario, type Scenario } from './scenario.js';

const url = 'http://scep.test/scep';
const subject = parseDistinguishedName('CN=device-1,O=Example');

describe.each(codecs.map((codec) => [codec.name, codec] as const))('client, %s', (_n, codec) => {
  test.each(['GET', 'POST'] as const)('enrolls by %s', async (method) => {
    const { s, client, session, signer } = await connected();
    const csr = await request('client');
    const outcome = await client.enroll(session, { signer, csr, method });
    expect(outcome).toMatchObject({
      kind: 'issued',
      certificate: { der: s.enrollment.certificates[0]?.der },
      transactionId: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(s.events).toMatchObject([
      { outcome: 'success', digest: 'sha256', cipher: 'aes-128-cbc', messageType: 'PKCSReq (19)' },
    ]);
  });

  test.each(['client-4096', 'client-p-256', 'client-p-384', 'client-p-521'] as const)(
    'enrolls a key of kind %s',
    async (name) => {
      const { client, session } = await connected();
      const signer = await selfSignedSigner({ key: testKey(name), subject });
      const outcome = await client.enroll(session, { signer, csr: await request(name) });
      expect(outcome.kind).toBe('issued');
    },
  );

  test('renews with the certificate it has, by RenewalReq', async () => {
    const { s, client, session, signer } = await connected();
    const first = await client.enroll(session, { signer, csr: await request('client') });
    if (first.kind !== 'issued') throw new Error(first.kind);
    const renewed = await client.enroll(session, {
      signer: { certificate: first.certificate, key: testKey('client') },
      csr: await request('client-2'),
      messageType: 'RenewalReq',
      digest: 'sha512',
      cipher: 'aes-256-cbc',
      keyTransport: {
        kind: 'rsaes-oaep',
        digest: 'sha256',
        mgfDigest: 'sha256',
        label: Buffer.alloc(0),
      },
    });
    expect(renewed).toMatchObject({ kind: 'issued' });
    expect(s.enrollment.enrolled[1]).toMatchObject({
      intent: 'renewal',
      signer: { der: first.certificate.der },
    });
    expect(s.events[1]).toMatchObject({ digest: 'sha512', cipher: 'aes-256-cbc' });
  });

  test('polls a pending request under its transactionID', async () => {
    const { s, client, session, signer } = await connected();
    s.enrollment.outcome = { kind: 'pending' };
    const csr = await request('client');
    const pending = await client.enroll(session, { signer, csr, transactionId: 'T-1' });
    expect(pending).toEqual({ kind: 'pending', transactionId: 'T-1' });
    const poll = { signer, csr, transactionId: pending.transactionId };
    expect(await client.poll(session, poll)).toEqual(pending);
    const certificate = await issuedBy(s.authority.ca, testKey('client').publicKey);
    s.enrollment.outcome = { kind: 'issued', certificate, chain: [] };
    expect(await client.poll(session, poll)).toMatchObject({
      kind: 'issued',
      certificate: { der: certificate.der },
    });
    expect(s.enrollment.polled[1]?.transactionId.toString()).toBe('T-1');
  });

  test('polls with an EC key', async () => {
    const { s, client, session } = await connected();
    const signer = await selfSignedSigner({ key: testKey('client-p-256'), subject });
    const certificate = await issuedBy(s.authority.ca, signer.key.publicKey);
    s.enrollment.outcome = { kind: 'issued', certificate, chain: [], challengePassword: 'secret' };
    const poll = { signer, csr: await request('client-p-256'), transactionId: 'T-1' };
    expect((await client.poll(session, poll)).kind).toBe('issued');
  });

  test('tells a refusal', async () => {
    const { s, client, session, signer } = await connected();
    s.enrollment.outcome = { kind: 'rejected', code: 'policy.key', text: 'Key too small.' };
    const csr = await request('client');
    expect(await client.enroll(session, { signer, csr })).toMatchObject({
      kind: 'failed',
      failInfo: 'badRequest',
      failInfoText: 'Key too small. (reference ref-1)',
    });
  });

  test('gets a certificate and a CRL, or badCertId', async () => {
    const { s, client, session, signer } = await connected();
    await client.enroll(session, { signer, csr: await request('client') });
    const issued = s.enrollment.certificates[0]!;
    s.enrollment.crl = der.sequence(der.sequence(der.unsignedInteger(1)), der.nul());
    const query = { signer, issuer: issued.issuer, serial: issued.serialBytes };
    expect(await client.getCert(session, query)).toMatchObject({
      kind: 'found',
      certificate: { der: issued.der },
    });
    expect(await client.getCrl(session, query)).toEqual({ kind: 'found', crl: s.enrollment.crl });
    const unknown = { ...query, serial: Buffer.from([1, 2, 3]) };
    expect(await client.getCert(session, unknown)).toMatchObject({
      kind: 'failed',
      failInfo: 'badCertId',
    });
  });

  test('gets the next CA, signed by the present RA', async () => {
    const next = await selfSigned(testKey('ra-old'), { subject: 'CN=Next CA' });
    const rollover = { chain: [next], raCertificates: [] };
    const { client, session } = await connected({ rollover: () => rollover });
    expect(session.capabilities.has('getnextcacert')).toBe(true);
    expect((await client.getNextCaCert(session)).map((each) => each.der)).toEqual([next.der]);
    const stranger = await authorityOf([next]);
    await expect(client.getNextCaCert({ ...session, authority: stranger })).rejects.toMatchObject({
      code: 'scep.reply',
      message: 'The reply is signed by no certificate of GetCACert.',
    });
  });

  async function connected(overrides: Partial<ScepProfile> = {}): Promise<Connected> {
    const s = await scenario(overrides, codec);
    const client = createScepClient({ url, codec, fetch: s.fetch });
    const signer = await selfSignedSigner({ key: testKey('client'), subject });
    return { s, client, signer, session: await client.open() };
  }
});

const [codec] = codecs;

describe('whom a client trusts', () => {
  test('the RA certificate for encryption, before the one for signing and the CA', async () => {
    const { ca, raSigning, raEncryption } = await testAuthority();
    const all = [ca, raSigning, raEncryption].map(({ certificate }) => certificate);
    const authority = await authorityOf(all);
    expect(authority.recipient.der).toEqual(raEncryption.certificate.der);
    expect(authority.issuer.text).toBe('CN=Test CA,O=Example');
    expect(authority.certificates.map((each) => each.der)).toEqual(all.map((each) => each.der));
  });

  test('a lone CA, bare', async () => {
    const { ca } = await testAuthority();
    const authority = await authorityOf([ca.certificate]);
    expect(authority.recipient.der).toEqual(ca.certificate.der);
    expect(authority.issuer.text).toBe('CN=Test CA,O=Example');
  });

  test.each(['sha256', 'sha1', 'md5'] as const)(
    'what the %s fingerprint leads to',
    async (hash) => {
      const { ca, raSigning, raEncryption } = await testAuthority();
      const stranger = await selfSigned(testKey('ra-old'), { subject: 'CN=In the middle' });
      // A device of the same CA is no RA.
      const device = await issuedBy(ca, testKey('client').publicKey, {
        extensions: [extendedKeyUsage([extendedKeyUsages.clientAuth])],
      });
      const genuine = [raSigning, raEncryption, ca].map(({ certificate }) => certificate);
      const fingerprint = ca.certificate.thumbprints[hash].toLowerCase().replace(/..(?=.)/g, '$&:');
      const authority = await authorityOf([stranger, device, ...genuine], fingerprint);
      expect(authority.certificates.map((each) => each.der)).toEqual(
        genuine.map((each) => each.der),
      );
      expect(authority.recipient.der).toEqual(raEncryption.certificate.der);
      await expect(authorityOf([stranger], fingerprint)).rejects.toMatchObject({
        code: 'scep.reply',
        message: 'No CA certificate has the fingerprint that was given.',
        mend: `Received: CN=In the middle SHA-256 ${stranger.thumbprints.sha256}`,
      });
    },
  );

  test('nothing it cannot encrypt to, and nothing that is no certificate', async () => {
    const ec = await selfSigned(testKey('client-p-256'), {
      subject: 'CN=EC CA',
      extensions: [keyUsage(['keyCertSign'])],
    });
    await expect(authorityOf([ec])).rejects.toMatchObject({
      message: 'GetCACert has no RSA certificate to encrypt to.',
    });
    const client = clientAnswered(Buffer.from('<html>'));
    await expect(client.getCaCert()).rejects.toMatchObject({
      code: 'scep.reply',
      message: 'GetCACert answered no certificate.',
    });
  });
});

describe('what a client does not believe', () => {
  test('a reply that was recorded: its nonce is another', async () => {
    const { s, replay, session, signer, csr } = await recorded();
    const client = createScepClient({ url, codec: codec!, fetch: replay });
    await expect(client.enroll(session, { signer, csr })).rejects.toMatchObject({
      code: 'scep.reply',
      message: 'The reply answers another message: its recipientNonce is not ours.',
    });
    await expect(
      client.enroll(session, { signer, csr, transactionId: 'other' }),
    ).rejects.toMatchObject({ message: 'The reply belongs to another transaction.' });
    expect(s.enrollment.enrolled).toHaveLength(1);
  });

  test('a reply for another key, though signed', async () => {
    const { s, client, session, signer } = await connectedFast();
    const other = await testDevice('client-2');
    s.enrollment.outcome = { kind: 'issued', certificate: other.certificate, chain: [] };
    await expect(
      client.enroll(session, { signer, csr: await request('client') }),
    ).rejects.toMatchObject({
      message: 'The reply brings no certificate for the requested key.',
    });
  });

  test('a reply signed by nobody it knows', async () => {
    const { client, session, signer } = await connectedFast();
    const authority = { ...session.authority, certificates: [] };
    await expect(
      client.enroll({ ...session, authority }, { signer, csr: await request('client') }),
    ).rejects.toMatchObject({
      code: 'scep.reply',
      mend: 'Ask for GetCACert again: the RA certificate may have been renewed.',
    });
  });

  test('a reply that was tampered with', async () => {
    const { s, session, signer } = await connectedFast();
    const tampering: typeof fetch = async (...args) => {
      const body = Buffer.from(await (await s.fetch(...args)).arrayBuffer());
      body[body.length - 1] = (body[body.length - 1] ?? 0) ^ 1;
      return new Response(Uint8Array.from(body));
    };
    const client = createScepClient({ url, codec: codec!, fetch: tampering });
    await expect(
      client.enroll(session, { signer, csr: await request('client') }),
    ).rejects.toMatchObject({ message: 'The signature of the reply does not verify.' });
  });

  test('a page instead of a reply', async () => {
    const { session, signer } = await connectedFast();
    const client = clientAnswered(Buffer.from('<html>'));
    await expect(
      client.enroll(session, { signer, csr: await request('client') }),
    ).rejects.toMatchObject({ code: 'scep.reply', message: 'The reply cannot be read.' });
  });
});

describe('servers that do not answer', () => {
  test.each([
    [503, 'scep.unreachable'],
    [429, 'scep.unreachable'],
    [500, 'scep.reply'],
    [404, 'scep.reply'],
  ])('HTTP %d is %s', async (status, code) => {
    const client = clientAnswered(Buffer.from('no'), status);
    await expect(client.getCaCert()).rejects.toMatchObject({
      code,
      message: `The server answered GetCACert with HTTP ${status}.`,
      detail: '"no"',
    });
  });

  test('no connection is scep.unreachable, with the reason', async () => {
    const refused = Object.assign(new TypeError('fetch failed'), {
      cause: new Error('connect ECONNREFUSED 127.0.0.1:1'),
    });
    const client = createScepClient({ url, codec: codec!, fetch: () => Promise.reject(refused) });
    await expect(client.getCaCert()).rejects.toMatchObject({
      code: 'scep.unreachable',
      detail: 'connect ECONNREFUSED 127.0.0.1:1',
    });
  });

  test('no answer within the time is scep.unreachable', async () => {
    const client = createScepClient({
      url,
      codec: codec!,
      timeoutMs: 20,
      fetch: (_input, init) =>
        new Promise((_resolve, reject) => {
          init?.signal?.addEventListener('abort', () => {
            reject(init.signal?.reason as Error);
          });
        }),
    });
    await expect(client.getCaCert()).rejects.toMatchObject({ code: 'scep.unreachable' });
  });

  test('a server without GetCACaps gets 3DES and SHA-1 by GET', async () => {
    const { s, signer } = await connectedFast();
    const methods: string[] = [];
    const old: typeof fetch = (input, init) => {
      methods.push(init?.method ?? 'GET');
      return urlOf(input).includes('GetCACaps')
        ? Promise.resolve(new Response('unknown', { status: 404 }))
        : s.fetch(input, init);
    };
    const client = createScepClient({ url, codec: codec!, fetch: old });
    const session = await client.open({ identifier: 'CA 1' });
    expect(session.capabilities.lines).toEqual([]);
    const outcome = await client.enroll(session, { signer, csr: await request('client') });
    expect(outcome.kind).toBe('issued');
    expect(s.events).toMatchObject([{ digest: 'sha1', cipher: 'des-ede3-cbc' }]);
    expect(methods).toEqual(['GET', 'GET', 'GET']);
  });
});

function urlOf(input: Parameters<typeof fetch>[0]): string {
  return input instanceof Request ? input.url : input.toString();
}

interface Connected {
  readonly s: Scenario;
  readonly client: ScepClient;
  readonly session: ScepSession;
  readonly signer: ScepSigner;
}

async function connectedFast(): Promise<Connected> {
  const s = await scenario({}, codec);
  const client = createScepClient({ url, codec: codec!, fetch: s.fetch });
  const signer = await selfSignedSigner({ key: testKey('client'), subject });
  return { s, client, signer, session: await client.open() };
}

async function recorded(): Promise<Connected & { replay: typeof fetch; csr: Buffer }> {
  const connected = await connectedFast();
  const { s, session, signer } = connected;
  const csr = await request('client');
  let reply = Buffer.alloc(0);
  const recording: typeof fetch = async (...args) => {
    const response = await s.fetch(...args);
    reply = Buffer.from(await response.clone().arrayBuffer());
    return response;
  };
  const client = createScepClient({ url, codec: codec!, fetch: recording });
  await client.enroll(session, { signer, csr });
  const replay: typeof fetch = () => Promise.resolve(new Response(Uint8Array.from(reply)));
  return { ...connected, replay, csr };
}

function clientAnswered(body: Buffer, status = 200): ScepClient {
  return createScepClient({
    url,
    codec: codec!,
    fetch: () => Promise.resolve(new Response(Uint8Array.from(body), { status })),
  });
}

async function authorityOf(
  certificates: readonly Certificate[],
  fingerprint?: string,
): Promise<ScepSession['authority']> {
  const [only] = certificates;
  const body = certificates.length === 1 && only ? only.der : certificateBundle(certificates);
  if (certificates.length > 1)
    expect(readBundle(body).certificates).toHaveLength(certificates.length);
  return clientAnswered(body).getCaCert(fingerprint === undefined ? {} : { fingerprint });
}

function request(name: TestKeyName): Promise<Buffer> {
  return buildCertificationRequest({
    key: testKey(name),
    digest: 'sha256',
    subject,
    challengePassword: 'secret',
  });
}
