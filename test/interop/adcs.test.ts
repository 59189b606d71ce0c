/** Devices that are not ours, a gateway as users start it, and AD CS behind it (played). */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { toPem } from '../../src/x509/index.js';
import { account as cesAccount, password as cesPassword, startCes } from '../adcs/ces/service.js';
import { FakeCa } from '../adcs/certsrv/fake-ca.js';
import { password, startCertsrv } from '../adcs/certsrv/server.js';
import { startCaServer } from '../adcs/rpc/ca-server.js';
import { expectChain, expectKey, newRsaKey } from './certificate-file.js';
import { eventually } from './eventually.js';
import { startGateway, type Gateway } from './gateway.js';
import { describeWithPrograms, runProgram } from './programs.js';
import { StrongswanPki, strongswanPrograms } from './strongswan.js';

/** A CA that answers, and the settings of an issuer that reaches it. */
interface Reachable {
  readonly settings: string;
  /** How it signs in. @param file with the password */
  readonly account: (file: string) => string;
  readonly password: string;
  close(): Promise<void>;
}

const interfaces: readonly (readonly [string, (ca: FakeCa) => Promise<Reachable>])[] = [
  [
    'by web enrollment',
    async (ca) => {
      const server = await startCertsrv(ca, 'ntlm');
      return {
        settings: `kind: adcs-webenroll, url: '${server.origin}/certsrv/', tls: { pins: ['${server.pin}'] }`,
        account: (file) => `ntlm: { user: svc, domain: LAB, password: { file: ${file} } }`,
        password,
        close: () => server.close(),
      };
    },
  ],
  [
    'over RPC',
    async (ca) => {
      const server = await startCaServer(ca, { accounts: { svc: password } });
      return {
        settings: `kind: adcs-rpc, host: 127.0.0.1, port: ${server.port}, caName: LAB-CA1-CA`,
        account: (file) => `ntlm: { user: svc, domain: LAB, password: { file: ${file} } }`,
        password,
        close: () => server.close(),
      };
    },
  ],
  [
    'through CES',
    async (ca) => {
      const server = await startCes(ca, 'userNameToken');
      return {
        settings: `kind: adcs-ces, url: '${server.url}', tls: { pins: ['${server.pin}'] }`,
        account: (file) => `userNameToken: { user: ${cesAccount}, password: { file: ${file} } }`,
        password: cesPassword,
        close: () => server.close(),
      };
    },
  ],
];

const programs = ['scepclient', ...strongswanPrograms];
describe.each(interfaces)('AD CS %s', (way, reach) => {
  describeWithPrograms(`behind the gateway, ${way}`, programs, () => enrollments(reach));
});

function enrollments(reach: (ca: FakeCa) => Promise<Reachable>): void {
  let ca: FakeCa;
  let server: Reachable;
  let gateway: Gateway;
  let caCertificate: string;
  let secrets: string;

  beforeAll(async () => {
    ca = await FakeCa.create();
    ca.templates.set('EnrollmentAgentOffline', { does: 'issue' });
    ca.templates.set('CEPEncryption', { does: 'wait' });
    server = await reach(ca);
    secrets = mkdtempSync(join(tmpdir(), 'scep-gateway-adcs-'));
    writeFileSync(join(secrets, 'password'), server.password);
    gateway = await startGateway({
      config: `
issuers:
  corp:
    { ${server.settings}, template: Phones,
      authentication: { ${server.account(join(secrets, 'password'))} } }
profiles:
  default: { paths: [/scep], issuer: corp }
  manual: { paths: [/scep/manual], issuer: corp, template: Manual }
  legacy: { paths: [/scep/legacy], issuer: corp, algorithms: { ciphers: [des-cbc, aes-128-cbc] } }
`,
    });
    caCertificate = join(gateway.directory, 'adcs.pem');
    writeFileSync(caCertificate, toPem('CERTIFICATE', ca.certificate.der));
  }, 60_000);

  afterAll(async () => {
    await gateway.stop();
    await server.close();
    rmSync(secrets, { recursive: true });
  });

  test('RA certificates are enrolled by the command line, one by a certificate manager', async () => {
    const status = await gateway.cli('ra', 'status');
    expect(status.stdout).toContain('certified by the gateway itself');
    const first = await gateway.cli('ra', 'enroll');
    expect(first.stdout).toContain('for a certificate manager: request 82');
    await ca.issue(82);
    const second = await gateway.cli('ra', 'enroll');
    expect(second).toMatchObject({ code: 0 });
    expect(second.stdout).toContain('enrolled from the CA, which renews them');
    expect(second.stdout).toContain(`by ${ca.certificate.subject.text}`);
  }, 120_000);

  test('strongSwan trusts them, and enrolls', async () => {
    const pki = new StrongswanPki(gateway);
    // The running gateway takes the new RA certificates up within seconds.
    let tries = 0;
    const authority = await eventually('RA certificates of the CA', async () => {
      const found = await pki.fetchCa('/scep', `authority-${tries++}`).catch(() => undefined);
      return found && (await isIssuedBy(found.encryption)) ? found : undefined;
    });
    const key = await newRsaKey(join(gateway.directory, 'strongswan.key'));
    const challenge = await gateway.challenge();
    const request = ['--in', key, '--dn', 'CN=device-1, O=Example', '--password', challenge];
    const run = await pki.enroll('/scep', authority, request);
    expect(run).toMatchObject({ status: 0 });
    const file = join(gateway.directory, 'strongswan.pem');
    writeFileSync(file, run.stdout);
    await expectKey(await expectChain(file, [caCertificate]), key);
    expect(ca.requests.at(-1)).toMatchObject({ template: 'Phones', user: 'LAB\\svc' });
  });

  test('strongSwan waits for a certificate manager and gets the certificate of one request', async () => {
    const pki = new StrongswanPki(gateway);
    const authority = await pki.fetchCa('/scep/manual', 'manual');
    const key = await newRsaKey(join(gateway.directory, 'manual.key'));
    const challenge = await gateway.challenge('manual');
    const before = ca.requests.length;
    const request = ['--in', key, '--dn', 'CN=device-2, O=Example', '--password', challenge];
    const running = pki.enroll('/scep/manual', authority, [...request, '--interval', '1']);
    const { id } = await eventually('the request', () => ca.requests[before]);
    await ca.issue(id);
    expect(await running).toMatchObject({ status: 0 });
    expect(ca.requests).toHaveLength(before + 1);
  });

  test('scepclient enrolls with the algorithms of its time', async () => {
    const folder = join(gateway.directory, 'scepclient');
    mkdirSync(folder);
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const run = await runProgram(
      'scepclient',
      [
        ...['-server-url', `${gateway.url}/scep/legacy`, '-cn', 'device-3'],
        ...['-private-key', key, '-certificate', certificate],
        ...['-challenge', await gateway.challenge('legacy')],
      ],
      { cwd: folder },
    );
    expect(run).toMatchObject({ status: 0 });
    await expectKey(await expectChain(certificate, [caCertificate]), key);
  });

  async function isIssuedBy(file: string): Promise<boolean> {
    const run = await runProgram('openssl', ['verify', '-CAfile', caCertificate, file]);
    return run.status === 0;
  }
}
