/** How iOS and macOS ask (profiled, mdmclient): GET where POST is not offered, odd base64, BER. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { signedToBer } from '../support/ber.js';
import { testDevice, testRequest } from '../support/pki-message.js';
import {
  deviceMessage,
  expectIssued,
  expectReply,
  readAuthority,
  type Authority,
} from './device.js';
import { startGateway, type Gateway } from './gateway.js';
import { exchange, type WireAnswer } from './wire.js';

const path = '/certsrv/mscep/mscep.dll';
const subject = 'O=Example,CN=iPad of Ann';

let gateway: Gateway;
let authority: Authority;

beforeAll(async () => {
  gateway = await startGateway({});
  authority = readAuthority(await get('operation=GetCACert&message=SCEP%20Authority'));
}, 60_000);
afterAll(() => gateway.stop());

function get(query: string): Promise<WireAnswer> {
  return exchange(gateway.port, [
    `GET ${path}?${query} HTTP/1.1`,
    `Host: 127.0.0.1:${gateway.port}`,
    'Accept: */*',
    'Accept-Language: en-us',
    'Connection: keep-alive',
    'Accept-Encoding: gzip, deflate',
    'User-Agent: profiled/1.0 CFNetwork/975.0.3 Darwin/18.2.0',
  ]);
}

async function message(options: Partial<Parameters<typeof deviceMessage>[0]> = {}) {
  const device = await testDevice('client', subject);
  const request = { subject, challengePassword: await gateway.challenge() };
  const content = await testRequest(device, request);
  return deviceMessage({
    signer: device,
    recipients: [authority.encryption],
    content,
    transactionId: randomBytes(20).toString('hex'),
    digest: 'sha256',
    cipher: 'aes-128-cbc',
    ...options,
  });
}

describe('an Apple device', () => {
  test('asks GetCACert first and finds RA signing, RA encryption and CA', () => {
    expect(authority.all.map(({ subject }) => subject.text)).toEqual([
      'CN=SCEP Gateway-MSCEP-RA',
      'CN=SCEP Gateway-MSCEP-RA',
      'CN=SCEP Gateway CA',
    ]);
    expect(authority.all[0]).toBe(authority.signing);
    expect(authority.all[1]).toBe(authority.encryption);
  });

  test('then finds a digest and a cipher in GetCACaps', async () => {
    const { status, headers, body } = await get('operation=GetCACaps&message=SCEP%20Authority');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/plain');
    expect(body.toString('latin1').split('\n')).toEqual(
      expect.arrayContaining(['AES', 'SHA-256', 'POSTPKIOperation', 'Renewal']),
    );
  });

  test.each<[string, (base64: string) => string]>([
    ['+ and / as they are, = escaped', (base64) => base64.replaceAll('=', '%3D')],
    ['+ gone to blanks', (base64) => base64.replaceAll('+', '%20').replaceAll('=', '%3D')],
  ])('enrolls by GET with %s', async (_, spell) => {
    const sent = await withPlusAndSlash();
    const query = `operation=PKIOperation&message=${spell(sent.bytes.toString('base64'))}`;
    const leaf = await expectIssued(await get(query), authority, sent, { subject });
    expect(leaf.subject.text).toBe(subject);
  });

  /** Base64 of some random kilobyte nearly always has both; the test shall not depend on luck. */
  async function withPlusAndSlash() {
    for (;;) {
      const sent = await message();
      const base64 = sent.bytes.toString('base64');
      if (base64.includes('+') && base64.includes('/')) return sent;
    }
  }

  test('enrolls by POST with a message of indefinite lengths', async () => {
    const made = await message();
    const sent = { ...made, bytes: signedToBer(made.bytes, { indefinite: true, segment: 1000 }) };
    expect(sent.bytes.toString('base64')).toMatch(/^MIA/);
    const head = [
      `POST ${path}?operation=PKIOperation HTTP/1.1`,
      `Host: 127.0.0.1:${gateway.port}`,
      'Content-Type: application/x-pki-message',
      `Content-Length: ${sent.bytes.length}`,
      'User-Agent: mdmclient/863 CFNetwork/760.6.3 Darwin/15.6.0 (x86_64)',
    ];
    const answer = await exchange(gateway.port, head, sent.bytes);
    await expectIssued(answer, authority, sent, { subject });
  });

  test('with its default of 1024 bits is told to take a longer key', async () => {
    const device = await testDevice('client-1024', subject);
    const request = { subject, challengePassword: await gateway.challenge() };
    const sent = await message({ signer: device, content: await testRequest(device, request) });
    const query = `operation=PKIOperation&message=${encodeURIComponent(sent.bytes.toString('base64'))}`;
    const reply = expectReply(await get(query), authority, sent);
    expect(reply).toMatchObject({ pkiStatus: '2', failInfo: '2' });
    expect(reply.failInfoText).toContain('1024');
  });
});
