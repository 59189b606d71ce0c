/** The built gateway with the keys of CA and RA in a token that other programs made and look into. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort } from '../support/free-port.js';
import {
  runCommand,
  startGatewayProcess,
  type GatewayProcess,
} from '../support/gateway-process.js';
import { testDevice, testRequest } from '../support/pki-message.js';
import { expectChain } from './certificate-file.js';
import {
  deviceMessage,
  expectIssued,
  fetchAuthority,
  type Authority,
  type DeviceMessage,
} from './device.js';
import { eventually } from './eventually.js';
import { describeWithPrograms, mustRun, runProgram } from './programs.js';
import {
  makeSoftHsm,
  pin,
  remoteModule,
  remoteToken,
  remoteTokenPrograms,
  softHsmModule,
  softHsmPrograms,
  tokenLabel,
  type RemoteToken,
  type SoftHsm,
} from './soft-hsm.js';

function configuration(url: string, module: string, issuer: string): string {
  return `
publicUrl: ${url}
tokens:
  hsm: { module: ${module}, label: ${tokenLabel}, pin: { file: pin } }
issuers:
  local: { kind: local, subject: CN=Token CA, keyToken: hsm, ${issuer} }
profiles:
  default:
    paths: [/scep]
    algorithms: { ciphers: [aes-256-cbc, aes-192-cbc, aes-128-cbc, des-ede3-cbc, des-cbc] }
`;
}

async function post(url: string, { bytes }: DeviceMessage) {
  const response = await fetch(`${url}/scep?operation=PKIOperation`, {
    method: 'POST',
    body: new Uint8Array(bytes),
  });
  const body = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: new Map(response.headers), body };
}

async function enrollment(
  { encryption }: Authority,
  challengePassword: string,
  subject: string,
): Promise<DeviceMessage> {
  const signer = await testDevice('client', subject);
  return deviceMessage({
    signer,
    recipients: [encryption],
    content: await testRequest(signer, { subject, challengePassword }),
    transactionId: randomBytes(20).toString('hex'),
    digest: 'sha256',
    cipher: 'aes-128-cbc',
  });
}

describeWithPrograms(
  'a gateway whose CA and RA keys are behind a server',
  [...remoteTokenPrograms, 'scepclient', 'openssl'],
  () => {
    let directory: string;
    let hsm: SoftHsm;
    let remote: RemoteToken;
    let gateway: GatewayProcess;
    let port: number;

    const start = () =>
      startGatewayProcess({
        port,
        directory,
        environment: remote.environment,
        config: configuration(
          `http://127.0.0.1:${port}`,
          remoteModule,
          'raKeyToken: hsm, raKeyBits: 3072',
        ),
      });

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'scep-gateway-hsm-'));
      writeFileSync(join(directory, 'pin'), `${pin}\n`);
      hsm = await makeSoftHsm(directory);
      remote = remoteToken(hsm, directory);
      await remote.start();
      port = await freePort();
      gateway = await start();
    }, 60_000);
    afterAll(async () => {
      await gateway.stop();
      await remote.kill();
      await rm(directory, { recursive: true, force: true });
    });

    /** From where AIA and CDP point to, in PEM files. */
    async function published(kind: 'x509' | 'crl'): Promise<string> {
      const path = join(directory, `published.${kind}`);
      const response = await fetch(
        `${gateway.url}/${kind === 'x509' ? 'ca/local.cer' : 'crl/local.crl'}`,
      );
      expect(response.status).toBe(200);
      writeFileSync(`${path}.der`, Buffer.from(await response.arrayBuffer()));
      await mustRun('openssl', [kind, '-inform', 'DER', '-in', `${path}.der`, '-out', path]);
      return path;
    }

    async function enrollWithScepclient(name: string): Promise<void> {
      const folder = join(directory, name);
      mkdirSync(folder);
      const certificate = join(folder, 'certificate.pem');
      const args = ['-server-url', `${gateway.url}/scep`, '-private-key', join(folder, 'key.pem')];
      const run = await runProgram(
        'scepclient',
        [
          ...args,
          ...['-certificate', certificate, '-challenge', await gateway.challenge()],
          ...['-cn', name, '-organization', 'Example'],
        ],
        { cwd: folder },
      );
      expect(run).toMatchObject({ status: 0 });
      await expectChain(certificate, [await published('x509')]);
    }

    const ready = async () => {
      const response = await fetch(`${gateway.url}/readyz`);
      return { status: response.status, text: await response.text() };
    };

    test('founds them there: nothing of them is in the data directory', async () => {
      const listed = await hsm.tool('--list-objects', '--type', 'privkey');
      expect(listed.match(/label: .*/g)?.sort()).toEqual([
        'label:      local-ca-1',
        'label:      local-ra-encrypt-1',
        'label:      local-ra-sign-1',
      ]);
      expect(listed.match(/Access: .*/g)).toEqual(
        Array.from(
          { length: 3 },
          () => 'Access:     sensitive, always sensitive, never extractable, local',
        ),
      );
      expect((await ready()).text).toContain('ok: token hsm\n');
    });

    test('enrolls a device of another maker; OpenSSL takes certificate and CRL', async () => {
      await enrollWithScepclient('device-1');
      const crl = await published('crl');
      const ca = await published('x509');
      const run = await runProgram('openssl', ['crl', '-in', crl, '-CAfile', ca, '-noout']);
      expect(run).toMatchObject({
        status: 0,
        stderr: expect.stringContaining('verify OK') as unknown,
      });
    });

    test('killed at once and started again, it finds the same keys', async () => {
      const before = await fetchAuthority(`${gateway.url}/scep`);
      await gateway.stop('SIGKILL');
      gateway = await start();
      const after = await fetchAuthority(`${gateway.url}/scep`);
      expect(after.all.map(({ thumbprints }) => thumbprints.sha256)).toEqual(
        before.all.map(({ thumbprints }) => thumbprints.sha256),
      );
      await enrollWithScepclient('device-2');
      const listed = await hsm.tool('--list-objects', '--type', 'privkey');
      expect(listed.match(/label: .*/g)).toHaveLength(3);
    }, 60_000);

    test('the token goes: devices come again, no challenge is lost, and all is well when it is back', async () => {
      const authority = await fetchAuthority(`${gateway.url}/scep`);
      const subject = 'CN=device-3,O=Example';
      const message = await enrollment(authority, await gateway.challenge(), subject);
      await remote.kill();
      for (let attempt = 0; attempt < 3; attempt++) {
        const { status, headers, body } = await post(gateway.url, message);
        expect([status, headers.get('retry-after')]).toEqual([503, '10']);
        expect(body.toString()).toMatch(/^The token hsm /);
      }
      const unready = await eventually('the gateway to be unready', async () => {
        const now = await ready();
        return now.status === 503 ? now : undefined;
      });
      expect(unready.text).toMatch(/token hsm: The token hsm /);
      expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
      expect((await fetch(`${gateway.url}/scep?operation=GetCACaps`)).status).toBe(200);
      await remote.start();
      const answer = await eventually('the same message to be answered', async () => {
        const answered = await post(gateway.url, message);
        return answered.status === 200 ? answered : undefined;
      });
      await expectIssued(answer, authority, message, { subject });
      await eventually('the gateway to be ready', async () =>
        (await ready()).status === 200 ? true : undefined,
      );
    }, 60_000);
  },
);

describeWithPrograms('keys that a ceremony made', [...softHsmPrograms, 'openssl'], () => {
  let directory: string;
  let hsm: SoftHsm;
  let gateway: GatewayProcess | undefined;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'scep-gateway-hsm-'));
    hsm = await makeSoftHsm(directory);
  }, 60_000);
  afterAll(async () => {
    await gateway?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const caSubject = '/CN=Ceremony CA';

  /** As after a key ceremony: the key is in the token, its certificate in a file, and nothing else. */
  async function ceremony(): Promise<void> {
    const key = join(directory, 'ceremony.key');
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key];
    await mustRun('openssl', [
      ...request,
      ...['-out', join(directory, 'ca.pem'), '-days', '3650', '-subj', caSubject],
      ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
    ]);
    const name = ['--type', 'privkey', '--label', 'ceremony', '--id', 'c0ffee'];
    await hsm.tool('--write-object', key, ...name, '--usage-sign');
    await rm(key);
  }

  test('serve the gateway: the CA by its label, the RA in files', async () => {
    await ceremony();
    writeFileSync(join(directory, 'pin'), `${pin}\n`);
    const inToken = 'import: { certificate: ca.pem, tokenKey: { label: ceremony, id: C0FFEE } }';
    gateway = await startGatewayProcess({
      directory,
      environment: hsm.environment,
      config: configuration('http://gateway.example', softHsmModule, inToken),
    });
    const authority = await fetchAuthority(`${gateway.url}/scep`);
    expect(authority.issuer.subject.text).toBe('CN=Ceremony CA');
    const subject = 'CN=device-1,O=Example';
    const message = await enrollment(authority, await gateway.challenge(), subject);
    const issued = await expectIssued(await post(gateway.url, message), authority, message, {
      subject,
    });
    const leaf = join(directory, 'leaf.pem');
    writeFileSync(leaf, issued.toPem());
    await expectChain(leaf, [join(directory, 'ca.pem')]);
    const listed = await hsm.tool('--list-objects', '--type', 'privkey');
    expect(listed.match(/label: .*/g)).toEqual(['label:      ceremony']);
  }, 60_000);

  test('a wrong PIN stops the start with the reason', async () => {
    writeFileSync(join(directory, 'pin'), '48151623');
    writeFileSync(
      join(directory, 'wrong.yaml'),
      configuration('http://localhost', softHsmModule, 'raKeyBits: 2048'),
    );
    const environment = {
      ...process.env,
      ...hsm.environment,
      SCEP_GATEWAY_CONFIG: join(directory, 'wrong.yaml'),
      SCEP_GATEWAY_DATA_DIR: join(directory, 'other'),
    };
    const run = await runCommand(['init'], { environment, cwd: directory });
    expect(run.code).toBe(3);
    expect(run.stderr).toContain('The token hsm refuses the PIN.');
    expect(run.stderr).not.toContain('48151623');
    const doctor = await runCommand(['doctor'], { environment, cwd: directory });
    expect(doctor.stdout).toMatch(
      /FAILED +token\.login +The token hsm refuses the PIN\. \(C_Login /,
    );
    expect(doctor.stdout).toMatch(/skipped +token\.mechanisms/);
    expect(doctor.stdout).not.toContain('48151623');
  });
});

describeWithPrograms('docs/hardware-keys.md', softHsmPrograms, () => {
  test('its walk with SoftHSM works as it is written', async () => {
    const home = await mkdtemp(join(tmpdir(), 'scep-gateway-hsm-'));
    try {
      const page = readFileSync('docs/hardware-keys.md', 'utf8');
      const [, walk = ''] = /^```sh\n(.*?)^```$/ms.exec(page) ?? [];
      expect(walk).toContain('npx scep-gateway doctor');
      // As `npx` finds it where the package is installed.
      const npx = `npx() { shift; "${process.execPath}" bin/scep-gateway.js "$@"; }`;
      const environment = { HOME: home, SCEP_GATEWAY_DATA_DIR: join(home, 'data') };
      const { status, stdout } = await runProgram('bash', ['-ec', `${npx}\n${walk}`], {
        env: environment,
        timeoutMillis: 100_000,
      });
      expect(stdout).toMatch(
        /ok +token\.login +SoftHSM project SoftHSM v2 "scep-gateway", serial /,
      );
      expect(stdout).toMatch(/ok +token\.mechanisms +It signs, opens requests and makes RSA keys/);
      expect(stdout).toMatch(/ok +data\.keys +The key local-ca-1 lies in the token hsm and cannot/);
      expect(stdout).toMatch(/label: +local-ca-1\n/);
      // Warnings: the passphrase is a generated one.
      expect(status).toBe(5);
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  }, 120_000);
});
