/** sscep 0.10 on the wire: base64 in lines, no Content-Type, constant transactionIDs for queries. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { der } from '../../src/asn1/index.js';
import { parseCrl, verifyIssuedBy } from '../../src/x509/index.js';
import { selfSigned } from '../support/certificates.js';
import { testKey, type TestKeyName } from '../support/keys.js';
import { issuerAndSerial, testRequest, wire, type TestSigner } from '../support/pki-message.js';
import {
  deviceMessage,
  expectIssued,
  expectReply,
  expectSuccess,
  readAuthority,
  type Authority,
  type DeviceMessage,
} from './device.js';
import { startGateway, type Gateway } from './gateway.js';
import { exchange, type WireAnswer } from './wire.js';

const config = `
profiles:
  default: { paths: [/scep] }
  manual: { paths: [/scep/manual], approval: manual }
`;
const subject = 'CN=router-1,O=Example';

let gateway: Gateway;
let authority: Authority;

beforeAll(async () => {
  gateway = await startGateway({ config });
  authority = readAuthority(await get('operation=GetCACert&message=CAIdentifier'));
}, 60_000);
afterAll(() => gateway.stop());

function get(query: string, path = '/scep'): Promise<WireAnswer> {
  const head = [`GET ${path}?${query} HTTP/1.1`, `Host: 127.0.0.1:${gateway.port}`];
  return exchange(gateway.port, [...head, 'Connection: close']);
}

/** Without a Content-Type. */
function post({ bytes }: DeviceMessage, path = '/scep'): Promise<WireAnswer> {
  const head = [
    `POST ${path}?operation=PKIOperation HTTP/1.1`,
    `Host: 127.0.0.1:${gateway.port}`,
    'Connection: close',
    `Content-Length: ${bytes.length}`,
  ];
  return exchange(gateway.port, head, bytes);
}

/** Self-signed under the name of the request, with a serial of 32 octets. */
async function newSigner(name: TestKeyName): Promise<TestSigner> {
  const key = testKey(name);
  const serial = Buffer.concat([Buffer.from([0x7f]), randomBytes(31)]);
  return { key, certificate: await selfSigned(key, { subject, serial }) };
}

async function enrollment(signer: TestSigner, profile = 'default'): Promise<DeviceMessage> {
  const challengePassword = await gateway.challenge(profile);
  return deviceMessage({
    signer,
    recipients: [authority.encryption],
    content: await testRequest(signer, { subject, challengePassword, challengeType: 'printable' }),
    transactionId: randomBytes(16).toString('hex').toUpperCase(),
    digest: 'sha512',
    cipher: 'aes-128-cbc',
  });
}

async function enrolled(name: TestKeyName): Promise<TestSigner> {
  const signer = await newSigner(name);
  const sent = await enrollment(signer);
  const certificate = await expectIssued(await post(sent), authority, sent, { subject });
  return { key: signer.key, certificate };
}

describe('sscep', () => {
  test('enrolls by POST without a Content-Type', async () => {
    const sent = await enrollment(await newSigner('client'));
    const answer = await post(sent);
    expect(answer.headers.get('connection')).toBe('close');
    await expectIssued(answer, authority, sent, { subject });
  });

  test('enrolls by GET with %0A after every 64 characters', async () => {
    const sent = await enrollment(await newSigner('client'));
    const lines = sent.bytes.toString('base64').replace(/.{1,64}/g, '$&%0A');
    const message = lines.replaceAll('+', '%2B').replaceAll('=', '%3D');
    const answer = await get(`operation=PKIOperation&message=${message}`);
    await expectIssued(answer, authority, sent, { subject });
  });

  test('renews by PKCSReq signed with the old certificate (-K -O), for a new key and without a challenge', async () => {
    const old = await enrolled('client');
    const next = testKey('client-2');
    const content = await testRequest({ ...old, key: next }, { subject, challengePassword: '' });
    const sent = await deviceMessage({
      signer: old,
      recipients: [authority.encryption],
      content,
      transactionId: randomBytes(16).toString('hex').toUpperCase(),
      digest: 'sha256',
      cipher: 'aes-128-cbc',
    });
    const expected = { subject, publicKey: next.publicKey };
    await expectIssued(await post(sent), authority, sent, expected);
  });

  describe('with its constant transactionID for queries', () => {
    const transactionId = 'SSCEP transactionId';

    function query(signer: TestSigner, messageType: string, content: Buffer) {
      return deviceMessage({
        signer,
        recipients: [authority.encryption],
        content,
        messageType,
        transactionId,
        digest: 'sha256',
        cipher: 'aes-128-cbc',
      });
    }

    test('gets a certificate back, whoever asks in turn', async () => {
      for (const name of ['client', 'client-2'] as const) {
        const device = await enrolled(name);
        const sent = await query(device, wire.GetCert, issuerAndSerial(device.certificate));
        const { certificates, crls } = await expectSuccess(await post(sent), authority, sent);
        expect(certificates.map(({ der }) => der)).toEqual([device.certificate.der]);
        expect(crls).toEqual([]);
      }
    });

    test('gets the CRL', async () => {
      const device = await enrolled('client');
      const sent = await query(device, wire.GetCRL, issuerAndSerial(device.certificate));
      const { certificates, crls } = await expectSuccess(await post(sent), authority, sent);
      expect(certificates).toEqual([]);
      expect(crls.map((crl) => verifyIssuedBy(parseCrl(crl), authority.issuer))).toEqual([true]);
    });

    test('is told badCertId for a serial that was never issued', async () => {
      const device = await enrolled('client');
      const about = der.sequence(authority.issuer.subject.der, der.unsignedInteger(1));
      const sent = await query(device, wire.GetCert, about);
      const reply = expectReply(await post(sent), authority, sent);
      expect(reply).toMatchObject({ pkiStatus: '2', failInfo: '4' });
    });
  });

  test('polls naming the RA as issuer, until a person has decided', async () => {
    const signer = await newSigner('client');
    const sent = await enrollment(signer, 'manual');
    const first = expectReply(await post(sent, '/scep/manual'), authority, sent);
    expect(first.pkiStatus).toBe('3');
    const poll = () =>
      deviceMessage({
        signer,
        recipients: [authority.encryption],
        content: der.sequence(authority.signing.subject.der, signer.certificate.subject.der),
        messageType: wire.CertPoll,
        transactionId: sent.transactionId,
        digest: 'sha512',
        cipher: 'aes-128-cbc',
      });
    const waiting = await poll();
    expect(expectReply(await post(waiting, '/scep/manual'), authority, waiting).pkiStatus).toBe(
      '3',
    );
    await gateway.cli('pending', 'approve', await gateway.pending(subject));
    const ready = await poll();
    await expectIssued(await post(ready, '/scep/manual'), authority, ready, { subject });
  });
});
