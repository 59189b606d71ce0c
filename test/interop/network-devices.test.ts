/** Routers and firewalls of another age: Cisco IOS, Junos. SHA-1 and 3DES, and below. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createFastCodec } from '../../src/pkcs7/index.js';
import { readBundle } from '../../src/pkcs7/pkijs/index.js';
import type { Certificate } from '../../src/x509/index.js';
import { testKey } from '../support/keys.js';
import { testDevice, testRequest, type TestSigner } from '../support/pki-message.js';
import {
  deviceMessage,
  expectIssued,
  expectReply,
  fetchAuthority,
  readAuthority,
  type Authority,
  type DeviceMessage,
  type DeviceMessageOptions,
} from './device.js';
import { startGateway, type Gateway } from './gateway.js';
import { exchange, type WireAnswer } from './wire.js';

let gateway: Gateway;
let authority: Authority;

beforeAll(async () => {
  gateway = await startGateway({ example: 'legacy.yaml' });
  authority = await fetchAuthority(`${gateway.url}/scep/legacy`);
}, 60_000);
afterAll(() => gateway.stop());

type Content = Pick<DeviceMessageOptions, 'signer' | 'content'> & Partial<DeviceMessageOptions>;

function message(options: Content): Promise<DeviceMessage> {
  return deviceMessage({
    recipients: [authority.encryption],
    transactionId: randomBytes(16).toString('hex').toUpperCase(),
    digest: 'sha1',
    cipher: 'des-ede3-cbc',
    ...options,
  });
}

async function request(
  signer: TestSigner,
  subject: string,
  profile: string,
  of: Partial<DeviceMessageOptions> = {},
): Promise<DeviceMessage> {
  const challengePassword = await gateway.challenge(profile);
  const content = await testRequest(signer, {
    subject,
    challengePassword,
    challengeType: 'printable',
    digest: 'sha1',
  });
  return message({ signer, content, ...of });
}

describe('Cisco IOS', () => {
  const subject = 'serialNumber=FTX1234ABCD,CN=router.example.org';

  /** HTTP/1.0, no Host, and no header at all but the agent. */
  function get(query: string): Promise<WireAnswer> {
    return exchange(gateway.port, [
      `GET /cgi-bin/pkiclient.exe?${query} HTTP/1.0`,
      'User-Agent: Mozilla/4.0 (compatible; MSIE 5.0; Cisco PKI)',
    ]);
  }

  /** Base64 in lines, escaped as a form. */
  function send({ bytes }: DeviceMessage): Promise<WireAnswer> {
    const lines = bytes.toString('base64').replace(/.{1,64}/g, '$&\n');
    return get(`operation=PKIOperation&message=${encodeURIComponent(lines)}`);
  }

  /** The device looks for the issuer in the reply: both are there, leaf first. */
  async function certificatesIn(answer: WireAnswer, sent: DeviceMessage): Promise<Certificate[]> {
    const codec = createFastCodec();
    const { content } = expectReply(answer, authority, sent);
    const envelope = codec.readEnvelope(content!);
    const opened = await codec.openEnvelope(envelope, { recipients: [sent.signer] });
    return [...readBundle(opened.content).certificates];
  }

  test('fetches the CA by HTTP/1.0 without Host', async () => {
    const answer = await get('operation=GetCACert&message=CA_IDENT');
    expect(answer.headers.get('content-type')).toBe('application/x-x509-ca-ra-cert');
    expect(readAuthority(answer).issuer.der).toEqual(authority.issuer.der);
    const { status, body } = await get('operation=GetCACaps&message=CA_IDENT');
    expect(status).toBe(200);
    expect(body.toString('latin1').split('\n')).toEqual(expect.arrayContaining(['DES3', 'SHA-1']));
  });

  test('enrolls by GET with 3DES, SHA-1 and a nonce of 8 octets, and renews by PKCSReq', async () => {
    const first = await testDevice('client', subject);
    const senderNonce = randomBytes(8);
    const sent = await request(first, subject, 'legacy', { senderNonce });
    const answer = await send(sent);
    const leaf = await expectIssued(answer, authority, sent, { subject });
    expect((await certificatesIn(answer, sent)).map(({ der }) => der)).toEqual([
      leaf.der,
      authority.issuer.der,
    ]);

    const next = testKey('client-2');
    const old = { key: first.key, certificate: leaf };
    const content = await testRequest({ ...old, key: next }, { subject, challengePassword: '' });
    const renewal = await message({ signer: old, content, senderNonce });
    const expected = { subject, publicKey: next.publicKey };
    const renewed = await expectIssued(await send(renewal), authority, renewal, expected);
    expect(renewed.serial).not.toBe(leaf.serial);
  });

  test.each([
    ['md5', 'des-cbc'],
    ['md5', 'des-ede3-cbc'],
    ['sha1', 'des-cbc'],
  ] as const)('of its first releases enrolls with %s and %s', async (digest, cipher) => {
    const signer = await testDevice('client', subject);
    const sent = await request(signer, subject, 'legacy', { digest, cipher });
    await expectIssued(await send(sent), authority, sent, { subject });
  });
});

describe('Junos', () => {
  const subject = 'DC=example,CN=srx-1,OU=Branch,O=Example,L=Bern,ST=BE,C=CH';

  function post({ bytes }: DeviceMessage): Promise<WireAnswer> {
    const head = [
      'POST /scep?operation=PKIOperation HTTP/1.0',
      'Content-Type: application/x-pki-message',
      `Content-Length: ${bytes.length}`,
    ];
    return exchange(gateway.port, head, bytes);
  }

  test('enrolls with SHA-1 and 3DES, and finds its certificate alone in the reply', async () => {
    const sent = await request(await testDevice('client', subject), subject, 'default');
    const answer = await post(sent);
    await expectIssued(answer, authority, sent, { subject });
    const codec = createFastCodec();
    const { content } = expectReply(answer, authority, sent);
    const opened = await codec.openEnvelope(codec.readEnvelope(content!), {
      recipients: [sent.signer],
    });
    expect(readBundle(opened.content).certificates).toHaveLength(1);
  });

  test('whose scep-digest-algorithm is md5 is refused by name', async () => {
    const signer = await testDevice('client', subject);
    const sent = await request(signer, subject, 'default', { digest: 'md5' });
    const reply = expectReply(await post(sent), authority, { ...sent, digest: 'sha256' });
    expect(reply).toMatchObject({ pkiStatus: '2', failInfo: '0' });
    expect(reply.failInfoText).toContain('The digest MD5 is not allowed here.');
  });
});
