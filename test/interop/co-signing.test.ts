/** Co-signed requests of the built gateway, as OpenSSL's command verifies them: none of our own code decides here. */
import { mkdtempSync, rmSync, writeFileSync, readFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { toPem } from '../../src/x509/index.js';
import { withoutSigner } from '../adcs/certsrv/co-signed.js';
import { FakeCa, type FakeRequest } from '../adcs/certsrv/fake-ca.js';
import { password } from '../adcs/certsrv/server.js';
import { startCaServer, type CaServer } from '../adcs/rpc/ca-server.js';
import { testKeyObject } from '../support/keys.js';
import { expectChain, expectKey } from './certificate-file.js';
import { eventually } from './eventually.js';
import { startGateway, type Gateway } from './gateway.js';
import { describeWithPrograms, mustRun, runProgram } from './programs.js';

describeWithPrograms('co-signed requests', ['openssl', 'scepclient'], () => {
  let ca: FakeCa;
  let server: CaServer;
  let gateway: Gateway;
  let secrets: string;
  let caFile: string;

  beforeAll(async () => {
    ca = await FakeCa.create();
    ca.templates.set('EnrollmentAgentOffline', { does: 'issue' });
    ca.templates.set('CEPEncryption', { does: 'issue' });
    ca.templates.set('One', { does: 'issue', agents: 1 });
    ca.templates.set('Two', { does: 'issue', agents: 2 });
    server = await startCaServer(ca, { accounts: { svc: password } });
    secrets = mkdtempSync(join(tmpdir(), 'scep-gateway-co-signing-'));
    const path = (name: string) => join(secrets, name);
    writeFileSync(path('password'), password);
    writeFileSync(path('passphrase'), 'of the second agent');
    const second = await ca.agent('client-p-384', { subject: 'CN=Second Agent' });
    writeFileSync(path('second.pem'), second.toPem());
    writeFileSync(
      path('second.key'),
      testKeyObject('client-p-384').export({ format: 'pem', type: 'pkcs8' }),
    );
    const pair = ['-inkey', path('second.key'), '-in', path('second.pem')];
    const secret = ['-passout', `file:${path('passphrase')}`];
    await mustRun('openssl', ['pkcs12', '-export', ...pair, '-out', path('second.pfx'), ...secret]);
    const reach = `kind: adcs-rpc, host: 127.0.0.1, port: ${server.port}, caName: LAB-CA1-CA, authentication: { ntlm: { user: svc, domain: LAB, password: { file: ${path('password')} } } }`;
    const secondAgent = `secondAgent: { pfx: ${path('second.pfx')}, passphrase: { file: ${path('passphrase')} } }`;
    gateway = await startGateway({
      config: `
issuers:
  cms: { ${reach}, coSign: { templates: [One] }, template: One }
  cmc: { ${reach}, coSign: { form: cmc, addExtensions: [san], ${secondAgent} }, template: Two }
profiles:
  cms: { paths: [/scep/cms], issuer: cms, algorithms: { ciphers: [des-cbc, aes-128-cbc] } }
  cmc:
    paths: [/scep/cmc]
    issuer: cmc
    algorithms: { ciphers: [des-cbc, aes-128-cbc] }
    challenges:
      static: [{ name: bound, secret: { file: ${path('password')} }, binding: { san: ['dns:phone-7.corp.example'] } }]
`,
    });
    caFile = join(gateway.directory, 'adcs.pem');
    writeFileSync(caFile, toPem('CERTIFICATE', ca.certificate.der));
    for (const issuer of ['cms', 'cmc']) {
      const enrolled = await gateway.cli('ra', 'enroll', '--issuer', issuer);
      expect(enrolled).toMatchObject({ code: 0 });
    }
  }, 90_000);

  afterAll(async () => {
    await gateway.stop();
    await server.close();
    rmSync(secrets, { recursive: true });
  });

  /** What the CA received for a device that enrolled. */
  async function enrolled(profile: string, challenge: string): Promise<FakeRequest> {
    const folder = join(gateway.directory, profile);
    mkdirSync(folder);
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    // The running gateway takes the new RA certificates up within seconds.
    await eventually('the RA certificates of the CA', async () => {
      const answer = await fetch(`${gateway.url}/scep/${profile}?operation=GetCACert`);
      const ra = join(folder, 'ra.p7');
      writeFileSync(ra, Buffer.from(await answer.arrayBuffer()));
      const args = ['pkcs7', '-inform', 'DER', '-in', ra, '-print_certs', '-noout'];
      const printed = await runProgram('openssl', args);
      return printed.stdout.includes('RA keys') ? undefined : printed.status === 0 || undefined;
    });
    const run = await runProgram(
      'scepclient',
      [
        ...['-server-url', `${gateway.url}/scep/${profile}`, '-cn', 'device-3'],
        ...['-private-key', key, '-certificate', certificate, '-challenge', challenge],
      ],
      { cwd: folder },
    );
    expect(run).toMatchObject({ status: 0 });
    await expectKey(await expectChain(certificate, [caFile]), key);
    return ca.requests.at(-1)!;
  }

  /** `openssl cms -verify` up to the CA; the content. */
  async function verified(message: Buffer, name: string): Promise<Buffer> {
    const [from, to] = [join(gateway.directory, `${name}.p7`), join(gateway.directory, name)];
    writeFileSync(from, message);
    const args = ['cms', '-verify', '-binary', '-inform', 'DER', '-in', from, '-out', to];
    // An enrollment agent is no S/MIME signer: any purpose will do.
    await mustRun('openssl', [...args, '-CAfile', caFile, '-purpose', 'any']);
    return readFileSync(to);
  }

  async function expectRequest(csr: Buffer, name: string): Promise<void> {
    const file = join(gateway.directory, `${name}.csr`);
    writeFileSync(file, csr);
    const args = ['req', '-inform', 'DER', '-in', file, '-noout', '-verify', '-subject'];
    const { status, stdout } = await runProgram('openssl', args);
    expect(status).toBe(0);
    expect(stdout).toContain('device-3');
  }

  test('CMS by the RA certificate: the content is the PKCS#10 of the device', async () => {
    const { format, message, csr } = await enrolled('cms', await gateway.challenge('cms'));
    expect(format).toBe('cms');
    expect(await verified(message, 'cms-content')).toEqual(csr);
    await expectRequest(csr, 'cms-request');
    const damaged = Buffer.from(message);
    const inside = damaged.indexOf('device-3');
    damaged.writeUInt8(damaged.readUInt8(inside) ^ 1, inside);
    await expect(verified(damaged, 'cms-damaged')).rejects.toThrow(/[Vv]erification failure/);
  });

  test('CMC by the RA certificate and a second agent, with the name that was attested', async () => {
    const { format, message, csr } = await enrolled('cmc', password);
    expect(format).toBe('cmc');
    const file = join(gateway.directory, 'cmc.p7');
    writeFileSync(file, message);
    const print = ['cms', '-cmsout', '-print', '-noout', '-inform', 'DER', '-in', file];
    const printed = await mustRun('openssl', print);
    expect(printed.match(/d\.issuerAndSerialNumber/g)).toHaveLength(2);
    expect(printed).toContain('eContentType: id-cct-PKIData (1.3.6.1.5.5.7.12.2)');
    expect(printed).toContain('id-alg-noSignature');
    // OpenSSL has no way to verify a signerInfo without a signature; the others do not depend on it.
    const pkiData = await verified(withoutSigner(message, 0), 'cmc-content');
    expect(pkiData.includes(csr)).toBe(true);
    expect(pkiData.includes('phone-7.corp.example')).toBe(true);
    await expectRequest(csr, 'cmc-request');
    const content = join(gateway.directory, 'cmc-content');
    const parsed = await mustRun('openssl', ['asn1parse', '-inform', 'DER', '-in', content]);
    expect(parsed).toContain('id-cmc-addExtensions');
    const issued = join(gateway.directory, 'cmc', 'certificate.pem');
    const text = await mustRun('openssl', ['x509', '-in', issued, '-noout', '-text']);
    expect(text).toContain('DNS:phone-7.corp.example');
  });
});
