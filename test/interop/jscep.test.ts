/** jscep with Bouncy Castle (also inside Android agents): BER everywhere, queries under transactionID 0. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  createFastCodec,
  type ContentCipher,
  type DigestAlgorithm,
} from '../../src/pkcs7/index.js';
import { parseCrl, verifyIssuedBy } from '../../src/x509/index.js';
import { envelopeToBer, signedToBer } from '../support/ber.js';
import { issuerAndSerial, testDevice, testRequest, wire } from '../support/pki-message.js';
import {
  deviceMessage,
  expectIssued,
  expectReply,
  expectSuccess,
  fetchAuthority,
  type Authority,
  type DeviceMessage,
} from './device.js';
import { startGateway, type Gateway } from './gateway.js';
import { exchange, type WireAnswer } from './wire.js';

/** Bouncy Castle cuts content at 1000 octets. */
const berForm = { indefinite: true, segment: 1000 };
const subject = 'CN=phone-1,O=Example';

let gateway: Gateway;
let authority: Authority;

beforeAll(async () => {
  gateway = await startGateway({ example: 'legacy.yaml' });
  authority = await fetchAuthority(`${gateway.url}/scep`);
}, 60_000);
afterAll(() => gateway.stop());

function post({ bytes }: DeviceMessage, path: string): Promise<WireAnswer> {
  const head = [
    `POST ${path}?operation=PKIOperation HTTP/1.1`,
    'Content-Type: application/octet-stream',
    'User-Agent: Dalvik/2.1.0 (Linux; U; Android 5.0; P01M Build/LRX21V)',
    `Host: 127.0.0.1:${gateway.port}`,
    'Connection: Keep-Alive',
    `Content-Length: ${bytes.length}`,
  ];
  return exchange(gateway.port, head, bytes);
}

function get({ bytes }: DeviceMessage, path: string): Promise<WireAnswer> {
  // The raw + of jscep: form decoding would make blanks of it.
  const query = `operation=PKIOperation&message=${bytes.toString('base64')}`;
  return exchange(gateway.port, [
    `GET ${path}?${query} HTTP/1.1`,
    `Host: 127.0.0.1:${gateway.port}`,
  ]);
}

interface Spelling {
  readonly digest: DigestAlgorithm;
  readonly cipher: ContentCipher;
}

type Content = Pick<Parameters<typeof deviceMessage>[0], 'signer' | 'content' | 'messageType'>;

/** Envelope and message in BER with indefinite lengths; the same octets are signed. */
async function berMessage(
  what: Content,
  { digest, cipher }: Spelling,
  transactionId = randomBytes(20).toString('hex'),
): Promise<DeviceMessage> {
  const keyTransport = { kind: 'rsaes-pkcs1-v1_5' } as const;
  const recipient = {
    kind: 'certificate',
    certificate: authority.encryption,
    keyTransport,
  } as const;
  const envelope = await createFastCodec().seal(what.content!, cipher, [recipient]);
  const message = await deviceMessage({
    ...what,
    recipients: [],
    envelope: envelopeToBer(envelope, berForm),
    transactionId,
    digest,
    cipher,
  });
  return { ...message, bytes: signedToBer(message.bytes, berForm) };
}

async function enrollment(profile: string, spelling: Spelling): Promise<DeviceMessage> {
  const signer = await testDevice('client', subject);
  const challengePassword = await gateway.challenge(profile);
  const content = await testRequest(signer, { subject, challengePassword });
  return berMessage({ signer, content }, spelling);
}

describe('jscep', () => {
  test.each<[DigestAlgorithm, ContentCipher, string, string]>([
    ['sha512', 'aes-128-cbc', 'default', '/scep'],
    ['sha256', 'des-ede3-cbc', 'default', '/scep'],
    ['sha1', 'des-cbc', 'legacy', '/scep/legacy'],
    ['md5', 'des-cbc', 'legacy', '/scep/legacy'],
  ])('enrolls with %s and %s in the profile %s, by POST and by GET', async (...row) => {
    const [digest, cipher, profile, path] = row;
    for (const send of [post, get]) {
      const sent = await enrollment(profile, { digest, cipher });
      expect(sent.bytes.subarray(0, 2).toString('hex')).toBe('3080');
      await expectIssued(await send(sent, path), authority, sent, { subject });
    }
  });

  test.each<[DigestAlgorithm, ContentCipher, string]>([
    ['md5', 'aes-128-cbc', 'The digest MD5 is not allowed here.'],
    ['sha256', 'des-cbc', 'The content cipher single DES is not allowed here.'],
  ])(
    'is refused by name with %s and %s where the floor is higher',
    async (digest, cipher, text) => {
      const sent = await enrollment('default', { digest, cipher });
      // Above the floor the reply has the request's digest; below it, SHA-256.
      const replied = digest === 'md5' ? 'sha256' : digest;
      const reply = expectReply(await post(sent, '/scep'), authority, { ...sent, digest: replied });
      expect(reply).toMatchObject({ pkiStatus: '2', failInfo: '0' });
      expect(reply.failInfoText).toContain(text);
    },
  );

  test('asks for a certificate and the CRL under transactionID 0, again and again', async () => {
    const spelling = { digest: 'sha512', cipher: 'aes-128-cbc' } as const;
    const first = await enrollment('default', spelling);
    const leaf = await expectIssued(await post(first, '/scep'), authority, first, { subject });
    const signer = { ...first.signer, certificate: leaf };
    for (const messageType of [wire.GetCert, wire.GetCRL, wire.GetCert]) {
      const query = { signer, messageType, content: issuerAndSerial(leaf) };
      const sent = await berMessage(query, spelling, '0');
      const { certificates, crls } = await expectSuccess(
        await post(sent, '/scep'),
        authority,
        sent,
      );
      if (messageType === wire.GetCRL) {
        expect(crls.map((crl) => verifyIssuedBy(parseCrl(crl), authority.issuer))).toEqual([true]);
      } else {
        expect(certificates.map(({ der }) => der)).toEqual([leaf.der]);
      }
    }
  });
});
