/** The SCEP client of Windows MDM (ClientCertificateInstall CSP), against a gateway that looks like NDES. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { der } from '../../src/asn1/index.js';
import {
  csrAttributeOids,
  extendedKeyUsage,
  extendedKeyUsages,
  extensionOids,
  keyUsage,
  parseSubjectAltName,
  readExtendedKeyUsage,
  readKeyUsage,
  subjectAltNameText,
  readSubjectAltNames,
  writeSubjectAltNames,
} from '../../src/x509/index.js';
import { selfSigned } from '../support/certificates.js';
import { testKey } from '../support/keys.js';
import { testRequest, type TestSigner } from '../support/pki-message.js';
import {
  deviceMessage,
  expectIssued,
  expectReply,
  readAuthority,
  type Authority,
} from './device.js';
import { startGateway, type Gateway } from './gateway.js';
import { exchange, type WireAnswer } from './wire.js';

/** Windows adds `/pkiclient.exe` to the URL of its profile. */
const path = '/certsrv/mscep/mscep.dll/pkiclient.exe';
const agent = 'User-Agent: Mozilla/4.0 (compatible; Win32; NDES client)';
const subject = 'CN=PC-0815';
const oaep = {
  kind: 'rsaes-oaep',
  digest: 'sha1',
  mgfDigest: 'sha1',
  label: Buffer.alloc(0),
} as const;

let gateway: Gateway;
let capabilities: string[];
let authority: Authority;
let signer: TestSigner;

beforeAll(async () => {
  gateway = await startGateway({ example: 'ndes-compatible.yaml' });
  const answer = await get('operation=GetCACaps&message=default');
  capabilities = answer.body.toString('latin1').trim().split('\n');
  authority = readAuthority(await get('operation=GetCACert&message=default'));
  // CryptoAPI counts a random 16-octet serial as signed.
  const serial = Buffer.from('9f'.repeat(16), 'hex');
  const key = testKey('client');
  signer = {
    key,
    certificate: await selfSigned(key, { subject: 'CN=SCEP Protocol Certificate', serial }),
  };
}, 60_000);
afterAll(() => gateway.stop());

function get(query: string): Promise<WireAnswer> {
  const head = [`GET ${path}?${query} HTTP/1.1`, 'Cache-Control: no-cache', 'Pragma: no-cache'];
  return exchange(gateway.port, [...head, agent, `Host: 127.0.0.1:${gateway.port}`]);
}

function post(bytes: Buffer): Promise<WireAnswer> {
  const head = [
    `POST ${path}?operation=PKIOperation HTTP/1.1`,
    'Content-Type: application/x-pki-message',
    agent,
    `Host: 127.0.0.1:${gateway.port}`,
    `Content-Length: ${bytes.length}`,
  ];
  return exchange(gateway.port, head, bytes);
}

async function enrollment(challengePassword: string) {
  const requested = [
    keyUsage(['digitalSignature', 'keyEncipherment']),
    extendedKeyUsage([extendedKeyUsages.clientAuth]),
    writeSubjectAltNames([parseSubjectAltName('upn:ann@corp.example').raw], false),
  ];
  const content = await testRequest(signer, {
    subject,
    challengePassword,
    challengeType: 'printable',
    extensions: requested,
    microsoftExtensionRequest: true,
    attributes: [nameValue('ValidityPeriod', 'Days'), nameValue('ValidityPeriodUnits', '30')],
  });
  return deviceMessage({
    signer,
    recipients: [authority.encryption],
    content,
    transactionId: '8A4F1D0C5B6E4F5D9A3C2B1A00FF00FF',
    digest: 'sha256',
    cipher: 'aes-256-cbc',
    keyTransport: oaep,
  });
}

/** szENROLLMENT_NAME_VALUE_PAIR: one pair, in BMPStrings. */
function nameValue(name: string, value: string) {
  const text = (of: string): Buffer => der.element(0x1e, Buffer.from(of, 'utf16le').swap16());
  return {
    oid: csrAttributeOids.msEnrollmentNameValuePair,
    values: [der.sequence(text(name), text(value))],
  };
}

describe('Windows MDM', () => {
  test('finds what it needs in GetCACaps and GetCACert', () => {
    expect(capabilities).toEqual(expect.arrayContaining(['POSTPKIOperation', 'SHA-256', 'AES']));
    expect(authority.signing.serial).not.toBe(authority.encryption.serial);
    for (const ra of [authority.signing, authority.encryption]) {
      const usages = ra.extension(extensionOids.extendedKeyUsage);
      expect(usages && readExtendedKeyUsage(usages)).toEqual(['1.3.6.1.4.1.311.20.2.1']);
    }
  });

  test('pins the CA by the thumbprint that the administrator reads out', async () => {
    const { code, stdout } = await gateway.cli('thumbprint');
    expect(code).toBe(0);
    const { sha1, md5 } = authority.issuer.thumbprints;
    const digits = stdout.replaceAll(/[\s:]/g, '').toUpperCase();
    expect(digits).toContain(sha1);
    expect(digits).toContain(md5);
  });

  test('enrolls: OAEP, negative serial, old extension request, validity of 30 days', async () => {
    expect(signer.certificate.serial).toMatch(/^-/);
    const sent = await enrollment(await gateway.challenge());
    const answer = await post(sent.bytes);
    const leaf = await expectIssued(answer, authority, sent, { subject });
    const extension = (oid: string) => leaf.extension(oid)!;
    expect(readKeyUsage(extension(extensionOids.keyUsage))).toEqual([
      'digitalSignature',
      'keyEncipherment',
    ]);
    expect(readExtendedKeyUsage(extension(extensionOids.extendedKeyUsage))).toEqual([
      extendedKeyUsages.clientAuth,
    ]);
    const names = readSubjectAltNames(extension(extensionOids.subjectAltName).value);
    expect(names.map(subjectAltNameText)).toEqual(['upn:ann@corp.example']);
    const days = (leaf.notAfter.getTime() - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(29.9);
    expect(days).toBeLessThanOrEqual(30);

    const reply = expectReply(answer, authority, sent);
    expect(reply.attribute('1.3.6.1.4.1.311.21.38')).toEqual(der.utf8String('Issued'));
  });

  test('is answered the same when it sends the same again', async () => {
    const sent = await enrollment(await gateway.challenge());
    const first = await expectIssued(await post(sent.bytes), authority, sent, { subject });
    const second = await expectIssued(await post(sent.bytes), authority, sent, { subject });
    expect(second.der).toEqual(first.der);
  });

  test('reads an error of its own kind after a wrong challenge', async () => {
    const sent = await enrollment('0000000000000000');
    const reply = expectReply(await post(sent.bytes), authority, sent);
    expect(reply).toMatchObject({ pkiStatus: '2', failInfo: '2', content: Buffer.from([0]) });
    expect(reply.attribute('1.3.6.1.4.1.311.21.33')).toEqual(der.printableString('-2147024809'));
  });
});
