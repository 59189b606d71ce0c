/** Keys of every kind on both sides: large RSA and EC devices, several recipients, large RA and CA. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TestKeyName } from '../support/keys.js';
import { testDevice, testRequest, wire, type TestSigner } from '../support/pki-message.js';
import {
  deviceMessage,
  expectIssued,
  expectReply,
  fetchAuthority,
  type Authority,
  type DeviceMessage,
  type DeviceMessageOptions,
} from './device.js';
import { startGateway, type Gateway } from './gateway.js';
import { exchange, type WireAnswer } from './wire.js';

const config = `
issuers:
  local: { kind: local }
  strong: { kind: local, subject: CN=Strong CA, keyBits: 4096, raKeyBits: 3072 }
profiles:
  default: { paths: [/scep] }
  manual: { paths: [/scep/manual], approval: manual }
  strong: { paths: [/scep/strong], issuer: strong }
  strong-alone: { paths: [/scep/strong-alone], issuer: strong, caCertShape: ca-only }
`;
const subject = 'CN=device-1,O=Example';
const oaep = { kind: 'rsaes-oaep', digest: 'sha256', mgfDigest: 'sha256' } as const;

let gateway: Gateway;
let authority: Authority;

beforeAll(async () => {
  gateway = await startGateway({ config });
  authority = await fetchAuthority(`${gateway.url}/scep`);
}, 90_000);
afterAll(() => gateway.stop());

function post({ bytes }: DeviceMessage, path = '/scep'): Promise<WireAnswer> {
  const head = [
    `POST ${path}?operation=PKIOperation HTTP/1.1`,
    `Host: 127.0.0.1:${gateway.port}`,
    'Content-Type: application/x-pki-message',
    `Content-Length: ${bytes.length}`,
  ];
  return exchange(gateway.port, head, bytes);
}

async function enrollment(
  signer: TestSigner,
  challengePassword: string,
  of: Partial<DeviceMessageOptions> = {},
): Promise<DeviceMessage> {
  return deviceMessage({
    signer,
    recipients: [authority.encryption],
    content: await testRequest(signer, { subject, challengePassword }),
    transactionId: randomBytes(20).toString('hex'),
    digest: 'sha256',
    cipher: 'aes-256-cbc',
    ...of,
  });
}

describe('a device with an RSA key', () => {
  test.each(['client', 'client-4096', 'client-8192'] as const)('of %s enrolls', async (name) => {
    const signer = await testDevice(name, subject);
    const sent = await enrollment(signer, await gateway.challenge());
    await expectIssued(await post(sent), authority, sent, { subject });
  });

  test('encrypts to every certificate of GetCACert, as scepclient does', async () => {
    expect(authority.all).toHaveLength(3);
    const recipients = authority.all;
    const signer = await testDevice('client', subject);
    const sent = await enrollment(signer, await gateway.challenge(), { recipients });
    await expectIssued(await post(sent), authority, sent, { subject });
  });

  test('encrypts to none of our keys and is told to fetch them again', async () => {
    const signer = await testDevice('client', subject);
    const recipients = [(await testDevice('ra-old', 'CN=Another RA')).certificate];
    const sent = await enrollment(signer, await gateway.challenge(), { recipients });
    const reply = expectReply(await post(sent), authority, sent);
    expect(reply).toMatchObject({ pkiStatus: '2', failInfo: '1' });
    expect(reply.failInfoText).toContain('GetCACert');
  });
});

describe('a device with an EC key', () => {
  const curves: readonly TestKeyName[] = ['client-p-256', 'client-p-384', 'client-p-521'];

  test.each(curves)('%s opens its reply with the challenge', async (name) => {
    const signer = await testDevice(name, subject);
    const password = await gateway.challenge();
    const sent = await enrollment(signer, password);
    const leaf = await expectIssued(await post(sent), authority, sent, { subject, password });

    const renewal = await enrollment({ key: signer.key, certificate: leaf }, 'any secret of mine', {
      messageType: wire.RenewalReq,
    });
    const expected = { subject, password: 'any secret of mine' };
    const renewed = await expectIssued(await post(renewal), authority, renewal, expected);
    expect(renewed.serial).not.toBe(leaf.serial);
  });

  test('without a challenge cannot be answered, and is told so', async () => {
    const sent = await enrollment(await testDevice('client-p-256', subject), '');
    const reply = expectReply(await post(sent), authority, sent);
    expect(reply).toMatchObject({ pkiStatus: '2', failInfo: '0' });
    expect(reply.failInfoText).toContain('Send a challengePassword with the request');
  });

  test('gets its certificate by a poll after the approval', async () => {
    const signer = await testDevice('client-p-256', subject);
    const password = await gateway.challenge('manual');
    const sent = await enrollment(signer, password);
    const waiting = expectReply(await post(sent, '/scep/manual'), authority, sent);
    expect(waiting.pkiStatus).toBe('3');
    await gateway.cli('pending', 'approve', await gateway.pending(subject));
    const poll = await deviceMessage({
      signer,
      recipients: [authority.encryption],
      content: Buffer.from('3000', 'hex'),
      messageType: wire.CertPoll,
      transactionId: sent.transactionId,
      digest: 'sha256',
      cipher: 'aes-256-cbc',
    });
    const answer = await post(poll, '/scep/manual');
    await expectIssued(answer, authority, poll, { subject, password });
  });
});

describe('a CA of 4096 bits with an RA of 3072', () => {
  test.each([
    ['strong', '/scep/strong', [3072, 3072, 4096]],
    ['strong-alone', '/scep/strong-alone', [4096]],
  ])('%s enrolls by PKCS#1 v1.5 and by OAEP', async (profile, path, bits) => {
    const strong = await fetchAuthority(gateway.url + path);
    expect(strong.all.map(({ publicKey }) => publicKey.bits)).toEqual(bits);
    const signer = await testDevice('client', subject);
    for (const keyTransport of [
      { kind: 'rsaes-pkcs1-v1_5' } as const,
      { ...oaep, label: Buffer.alloc(0) },
    ]) {
      const sent = await enrollment(signer, await gateway.challenge(profile), {
        recipients: [strong.encryption],
        keyTransport,
      });
      await expectIssued(await post(sent, path), strong, sent, { subject });
    }
  });
});
