/** certmonger's HTTP without certmonger: everything by GET, `message=0`, then 1 for a second certificate. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { selfSigned } from '../support/certificates.js';
import { testKey } from '../support/keys.js';
import { testRequest } from '../support/pki-message.js';
import {
  deviceMessage,
  expectIssued,
  expectReply,
  readAuthority,
  type Authority,
} from './device.js';
import { startGateway, type Gateway } from './gateway.js';
import { exchange, type WireAnswer } from './wire.js';

const subject = 'CN=host.example.org,O=Example';

let gateway: Gateway;
let authority: Authority;

beforeAll(async () => {
  gateway = await startGateway({});
  authority = readAuthority(await get('GetCACert', '0'));
}, 60_000);
afterAll(() => gateway.stop());

function get(operation: string, message: string): Promise<WireAnswer> {
  const query = `operation=${operation}&message=${encodeURIComponent(message)}`;
  return exchange(gateway.port, [
    `GET /scep?${query} HTTP/1.1`,
    `Host: 127.0.0.1:${gateway.port}`,
    'Accept: */*',
  ]);
}

/** Derived from the key, as decimal digits: the same for every request with that key. */
function transactionIdOf(spki: Buffer): string {
  const digest = createHash('sha256').update(spki).digest('hex');
  return BigInt(`0x${digest}`).toString(10).padStart(77, '0');
}

async function enrollment(challengePassword: string) {
  const key = testKey('client');
  const serial = Buffer.from(`6a${'5c'.repeat(31)}`, 'hex');
  const notAfter = new Date('2120-01-01T00:00:00Z');
  const signer = { key, certificate: await selfSigned(key, { subject, serial, notAfter }) };
  return deviceMessage({
    signer,
    recipients: [authority.encryption],
    content: await testRequest(signer, { subject, challengePassword }),
    transactionId: transactionIdOf(key.publicKey.spki),
    digest: 'sha256',
    cipher: 'aes-256-cbc',
  });
}

describe('certmonger', () => {
  test('takes capabilities of less than 1024 octets under exactly text/plain', async () => {
    const { status, headers, body } = await get('GetCACaps', '0');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/plain');
    expect(body.length).toBeLessThan(1024);
  });

  test('asks for the CA as 0, 1, 2 and is given the same certificates', async () => {
    for (const identifier of ['0', '1', '2']) {
      const answer = await get('GetCACert', identifier);
      expect(answer.headers.get('content-type')).toBe('application/x-x509-ca-ra-cert');
      expect(readAuthority(answer).all.map(({ der }) => der)).toEqual(
        authority.all.map(({ der }) => der),
      );
    }
  });

  test('asks for the chain by the name of the drafts', async () => {
    const answer = await get('GetCAChain', '0');
    expect(answer.headers.get('content-type')).toBe('application/x-x509-ca-ra-cert-chain');
    expect(readAuthority(answer).all.map(({ der }) => der)).toEqual([authority.issuer.der]);
  });

  test('enrolls by GET under 77 decimal digits, and asks again under the same', async () => {
    const wrong = await enrollment('0000000000000000');
    const refused = await get('PKIOperation', wrong.bytes.toString('base64'));
    const reply = expectReply(refused, authority, wrong);
    // OpenSSL's PKCS7_verify takes a message without content for a detached signature.
    expect(reply).toMatchObject({ pkiStatus: '2', failInfo: '2', content: Buffer.alloc(0) });

    const sent = await enrollment(await gateway.challenge());
    expect(sent.transactionId).toEqual(wrong.transactionId);
    expect(sent.transactionId.length).toBe(79);
    const answer = await get('PKIOperation', sent.bytes.toString('base64'));
    await expectIssued(answer, authority, sent, { subject });
  });
});
