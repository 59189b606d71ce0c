/** What the gateway makes, as OpenSSL's command reads it: none of our own code decides here. */
import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ContentCipher } from '../../src/pkcs7/index.js';
import { testKeyObject, type TestKeyName } from '../support/keys.js';
import { issuerAndSerial, testDevice, testRequest, wire } from '../support/pki-message.js';
import { caFile, expectChain, readCertificate } from './certificate-file.js';
import {
  deviceMessage,
  expectIssued,
  fetchAuthority,
  type Authority,
  type DeviceMessage,
  type DeviceMessageOptions,
} from './device.js';
import { eventually } from './eventually.js';
import { startGateway, type Gateway } from './gateway.js';
import { describeWithPrograms, mustRun, runProgram } from './programs.js';

const config = `
publicUrl: $URL
issuers:
  local: { kind: local, subject: CN=Device CA, hierarchy: root-and-issuing, rootSubject: CN=Root CA }
profiles:
  default: { paths: [/scep] }
`;
const subject = 'CN=device-1,O=Example';
const oaep = { kind: 'rsaes-oaep', label: Buffer.alloc(0) } as const;

describeWithPrograms('openssl', ['openssl'], () => {
  let gateway: Gateway;
  let authority: Authority;
  let root: string;
  let issuing: string;
  let trusted: string;

  beforeAll(async () => {
    gateway = await startGateway({ config });
    authority = await fetchAuthority(`${gateway.url}/scep`);
    root = await caFile(gateway, 'local.root');
    issuing = file('issuing.pem', authority.issuer.toPem());
    trusted = file('trusted.pem', readFileSync(root, 'utf8') + authority.issuer.toPem());
  }, 60_000);
  afterAll(() => gateway.stop());

  function file(name: string, content: string | Buffer): string {
    const path = join(gateway.directory, name);
    writeFileSync(path, content);
    return path;
  }

  function keyFile(name: TestKeyName): string {
    return file(`${name}.key`, testKeyObject(name).export({ format: 'pem', type: 'pkcs8' }));
  }

  async function download(url: string): Promise<Buffer> {
    const response = await fetch(url);
    expect(response.status).toBe(200);
    return Buffer.from(await response.arrayBuffer());
  }

  async function post(bytes: Buffer): Promise<Buffer> {
    const url = `${gateway.url}/scep?operation=PKIOperation`;
    const response = await fetch(url, { method: 'POST', body: new Uint8Array(bytes) });
    expect(response.status).toBe(200);
    return Buffer.from(await response.arrayBuffer());
  }

  async function enrollment(
    name: TestKeyName,
    of: Partial<DeviceMessageOptions> = {},
    challengePassword?: string,
  ): Promise<DeviceMessage> {
    const signer = await testDevice(name, subject);
    const password = challengePassword ?? (await gateway.challenge());
    return deviceMessage({
      signer,
      recipients: [authority.encryption],
      content: await testRequest(signer, { subject, challengePassword: password }),
      transactionId: randomBytes(20).toString('hex'),
      digest: 'sha256',
      cipher: 'aes-128-cbc',
      ...of,
    });
  }

  /** `openssl cms -verify` up to the root, the signer's certificate in the message; the path of the content. */
  async function verified(reply: Buffer, name: string): Promise<string> {
    const from = file(`${name}.p7`, reply);
    const to = join(gateway.directory, `${name}.content`);
    const args = ['cms', '-verify', '-binary', '-inform', 'DER', '-in', from, '-out', to];
    // NDES' certificate request agents are no S/MIME signers: any purpose will do.
    await mustRun('openssl', [...args, '-CAfile', trusted, '-purpose', 'any']);
    return to;
  }

  /** The certificates of a degenerate PKCS#7, as files. */
  async function certificatesIn(path: string): Promise<X509Certificate[]> {
    const args = ['pkcs7', '-inform', 'DER', '-in', path, '-print_certs'];
    const pem = await mustRun('openssl', args);
    const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    return blocks.map((block) => new X509Certificate(block));
  }

  test('reads GetCACert as certs-only PKCS#7 whose members chain to the root', async () => {
    const path = file('ca.p7', await download(`${gateway.url}/scep?operation=GetCACert`));
    const certificates = await certificatesIn(path);
    expect(certificates.map((certificate) => certificate.subject)).toEqual([
      'CN=SCEP Gateway-MSCEP-RA',
      'CN=SCEP Gateway-MSCEP-RA',
      'CN=Device CA',
      'CN=Root CA',
    ]);
    for (const [i, certificate] of certificates.entries()) {
      const leaf = file(`member-${i}.pem`, certificate.toString());
      const args = ['-x509_strict', '-CAfile', root, '-untrusted', issuing, leaf];
      expect(await mustRun('openssl', ['verify', ...args])).toBe(`${leaf}: OK\n`);
    }
  });

  describe('opens what devices are answered:', () => {
    test.each<[string, ContentCipher, DeviceMessageOptions['keyTransport']]>([
      ['AES-128', 'aes-128-cbc', undefined],
      ['AES-192', 'aes-192-cbc', undefined],
      ['AES-256', 'aes-256-cbc', undefined],
      ['3DES', 'des-ede3-cbc', undefined],
      ['OAEP with SHA-1', 'aes-256-cbc', { ...oaep, digest: 'sha1', mgfDigest: 'sha1' }],
      ['OAEP with SHA-256', 'aes-256-cbc', { ...oaep, digest: 'sha256', mgfDigest: 'sha256' }],
    ])('%s', async (label, cipher, keyTransport) => {
      const name = label.replaceAll(' ', '-');
      const of = { cipher, ...(keyTransport && { keyTransport }) };
      const sent = await enrollment('client', of);
      const envelope = await verified(await post(sent.bytes), name);
      const bundle = join(gateway.directory, `${name}.bundle`);
      const recipient = file(`${name}.recipient.pem`, sent.signer.certificate.toPem());
      const how = ['-inkey', keyFile('client'), '-recip', recipient];
      const args = [
        'cms',
        '-decrypt',
        '-binary',
        '-inform',
        'DER',
        '-in',
        envelope,
        '-out',
        bundle,
      ];
      await mustRun('openssl', [...args, ...how]);
      const certificates = await certificatesIn(bundle);
      expect(certificates.map((certificate) => certificate.subject)).toEqual([
        'CN=device-1\nO=Example',
      ]);
      const leaf = file(`${name}.pem`, certificates.join('\n'));
      await expectChain(leaf, [root, issuing]);
      // The envelope says what it is made with, in OpenSSL's words.
      const print = ['cms', '-cmsout', '-print', '-inform', 'DER', '-in', envelope];
      const printed = await mustRun('openssl', [...print, '-noout']);
      expect(printed).toContain(`algorithm: ${cipher}`);
      expect(printed).toContain(`algorithm: ${keyTransport ? 'rsaesOaep' : 'rsaEncryption'}`);
    });

    test.each(['client-p-256', 'client-p-384', 'client-p-521'] as const)(
      'the password recipient of %s',
      async (name) => {
        const password = await gateway.challenge();
        const sent = await enrollment(name, { cipher: 'aes-256-cbc' }, password);
        const envelope = await verified(await post(sent.bytes), name);
        const bundle = join(gateway.directory, `${name}.bundle`);
        const args = ['cms', '-decrypt', '-binary', '-inform', 'DER', '-in', envelope];
        await mustRun('openssl', [...args, '-out', bundle, '-pwri_password', password]);
        const [leaf] = await certificatesIn(bundle);
        await expectChain(file(`${name}.pem`, String(leaf)), [root, issuing]);
      },
    );

    test('a refusal, which has nothing in it', async () => {
      const sent = await enrollment('client', {}, 'wrong');
      const content = await verified(await post(sent.bytes), 'refusal');
      expect(readFileSync(content)).toHaveLength(0);
    });
  });

  test('checks revocation with the CRLs that the certificate and GetCRL lead to', async () => {
    const sent = await enrollment('client');
    const body = await post(sent.bytes);
    const answer = {
      status: 200,
      headers: new Map([['content-type', 'application/x-pki-message']]),
      body,
    };
    const leaf = await expectIssued(answer, authority, sent, { subject });
    const path = file('revocable.pem', leaf.toPem());
    const { infoAccess } = readCertificate(path);
    expect(infoAccess?.trim()).toBe(`CA Issuers - URI:${gateway.url}/ca/local.cer`);
    expect(await download(`${gateway.url}/ca/local.cer`)).toEqual(authority.issuer.der);
    const crlUrl = `${gateway.url}/crl/local.crl`;
    const text = await mustRun('openssl', ['x509', '-in', path, '-noout', '-text']);
    expect(text).toContain(`URI:${crlUrl}`);

    const verify = async (crl: Buffer) => {
      const rootCrl = await download(`${gateway.url}/crl/local.root.crl`);
      const pem = await Promise.all([crl, rootCrl].map((der) => crlToPem(der)));
      const crls = file('crls.pem', pem.join('\n'));
      const args = ['-x509_strict', '-crl_check_all', '-CRLfile', crls, '-CAfile', root];
      return runProgram('openssl', ['verify', ...args, '-untrusted', issuing, path]);
    };
    expect(await verify(await download(crlUrl))).toMatchObject({ status: 0 });

    const revoked = await gateway.cli('certificate', 'revoke', leaf.thumbprints.sha256);
    expect(revoked).toMatchObject({ code: 0 });
    const after = await verify(await download(crlUrl));
    expect(after.status).not.toBe(0);
    expect(after.stderr).toContain('certificate revoked');

    // GetCRL over SCEP gives the same list.
    const query = await deviceMessage({
      signer: sent.signer,
      recipients: [authority.encryption],
      content: issuerAndSerial(leaf),
      messageType: wire.GetCRL,
      transactionId: '0',
      digest: 'sha256',
      cipher: 'aes-128-cbc',
    });
    const envelope = await verified(await post(query.bytes), 'get-crl');
    const bundle = join(gateway.directory, 'get-crl.bundle');
    const recipient = file('get-crl.recipient.pem', sent.signer.certificate.toPem());
    const args = ['cms', '-decrypt', '-binary', '-inform', 'DER', '-in', envelope, '-out', bundle];
    await mustRun('openssl', [...args, '-inkey', keyFile('client'), '-recip', recipient]);
    const list = ['pkcs7', '-inform', 'DER', '-in', bundle, '-print_certs'];
    const printed = await mustRun('openssl', list);
    const [, pem] = /(-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----)/.exec(printed) ?? [];
    expect(pem).toBe((await crlToPem(await download(crlUrl))).trim());
  });

  async function crlToPem(der: Buffer): Promise<string> {
    const name = createHash('sha256').update(der).digest('hex');
    return mustRun('openssl', ['crl', '-inform', 'DER', '-in', file(name, der)]);
  }

  test('verifies GetNextCACert with the RA of today, and finds the next CA in it', async () => {
    const rollover = ['ca', 'rollover', 'prepare', '--subject', 'CN=Next CA'];
    expect(await gateway.cli(...rollover)).toMatchObject({ code: 0 });
    const url = `${gateway.url}/scep?operation=`;
    await eventually('the next CA to be announced', async () => {
      const capabilities = (await download(`${url}GetCACaps`)).toString('latin1').split('\n');
      return capabilities.includes('GetNextCACert') || undefined;
    });
    const content = await verified(await download(`${url}GetNextCACert`), 'next');
    const subjects = (await certificatesIn(content)).map(({ subject }) => subject);
    expect(subjects).toContain('CN=Next CA');
    expect(subjects).toContain('CN=Root CA');
    expect(subjects).not.toContain('CN=Device CA');
  });
});
