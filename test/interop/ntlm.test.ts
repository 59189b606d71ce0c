/** Programs that sign in by NTLM and that nobody here wrote: curl and python3-requests-ntlm. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ntHash } from '../../src/ntlm/index.js';
import { startNtlmGateway } from '../http/ntlm.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { describeWithPrograms, mustRun, runProgram } from './programs.js';

const page = '/certsrv/mscep_admin/';
/** curl 7.88 takes each octet of a password for a character, so its may hold ASCII only. */
const asciiPassword = 'Pass word!';
const password = 'Påss word!';

/** @param ntlm settings beside `enabled` */
async function start(secret: string, ntlm = ''): Promise<GatewayProcess> {
  return startGatewayProcess({
    config: `
accounts: [{ name: mdm, password: { env: MDM_PASSWORD } }]
access: { signIn: { ntlm: { enabled: true${ntlm} } } }
`,
    environment: { MDM_PASSWORD: secret },
  });
}

describeWithPrograms('curl --ntlm', ['curl'], () => {
  let gateway: GatewayProcess;
  beforeAll(async () => {
    gateway = await start(asciiPassword);
  });
  afterAll(() => gateway.dispose());

  async function curl(...args: readonly string[]): Promise<{ status: string; body: Buffer }> {
    const file = join(gateway.directory, 'page');
    writeFileSync(file, '');
    const common = ['--silent', '--show-error', '--output', file, '--write-out', '%{http_code}'];
    const status = await mustRun('curl', [...common, ...args, gateway.url + page]);
    return { status, body: readFileSync(file) };
  }

  test.each([
    ['--ntlm', 'mdm'],
    ['--ntlm', 'CORP\\mdm'],
    ['--ntlm', 'mdm@corp.example'],
    ['--anyauth', 'CORP\\mdm'],
  ])('%s as %s gets a challenge', async (how, user) => {
    const { status, body } = await curl(how, '--user', `${user}:${asciiPassword}`);
    expect(status).toBe('200');
    expect(body.toString('utf16le')).toMatch(/challenge password is: <B> [0-9A-F]{16} <\/B>/);
  });

  test('--ntlm with a POST', async () => {
    const { status } = await curl(
      '--ntlm',
      '--user',
      `mdm:${asciiPassword}`,
      '--data',
      'operation=x',
    );
    expect(status).toBe('200');
  });

  test('--ntlm with a wrong password is told 401', async () => {
    expect((await curl('--ntlm', '--user', 'mdm:wrong')).status).toBe('401');
  });
});

/** Debian's python3 has the package; another python3 that comes first on the PATH has not. */
const python = '/usr/bin/python3';
const requestsNtlm = '/usr/lib/python3/dist-packages/requests_ntlm/__init__.py';

describeWithPrograms('python3-requests-ntlm', [python, requestsNtlm, 'openssl'], () => {
  const script = `
import sys
from cryptography.hazmat.backends import default_backend; default_backend()
import requests, requests_ntlm
url, user, password, ca, cbt = sys.argv[1:]
session = requests.Session()
session.verify = ca or True
session.auth = requests_ntlm.HttpNtlmAuth(user, password, send_cbt=cbt == 'yes')
for turn in range(2):
    answer = session.get(url)
    text = answer.content.decode('UTF-16') if answer.ok else ''
    print(answer.status_code, 'challenge password is: <B>' in text)
`;

  async function run(url: string, secret: string, cbt: 'yes' | 'no', ca = '') {
    const args = ['-W', 'ignore', '-c', script, url + page, 'CORP\\mdm', secret, ca, cbt];
    const env = { REQUESTS_CA_BUNDLE: '', CURL_CA_BUNDLE: '' };
    const { stdout, stderr } = await runProgram(python, args, { env });
    return stdout === '' ? stderr : stdout.trim().split('\n');
  }

  test('signs in, and stays signed in on its connection; a wrong password is told 401', async () => {
    const gateway = await start(password, ', mic: required');
    try {
      expect(await run(gateway.url, password, 'no')).toEqual(['200 True', '200 True']);
      expect(await run(gateway.url, 'wrong', 'no')).toEqual(['401 False', '401 False']);
    } finally {
      await gateway.dispose();
    }
  });

  test('over TLS sends the binding, which may be required', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ntlm-tls-'));
    const certificate = join(directory, 'tls.pem');
    const key = 'fixtures/keys/client-p-256.pem';
    const subject = ['-subj', '/CN=gateway', '-addext', 'subjectAltName=IP:127.0.0.1'];
    await mustRun('openssl', [
      ...['req', '-x509', '-key', key, '-sha384', '-days', '2', '-out', certificate],
      ...subject,
    ]);
    const gateway = await startNtlmGateway({
      channelBindingRequired: true,
      account: { ntHash: ntHash(password) },
      listener: {
        tls: {
          identity: {
            certificateChain: readFileSync(certificate, 'utf8'),
            privateKey: readFileSync(key, 'utf8'),
          },
          minVersion: 'TLSv1.2',
          asksForCertificate: false,
          handshakeMillis: 5000,
        },
      },
    });
    const url = `https://127.0.0.1:${gateway.listener.port}`;
    try {
      expect(await run(url, password, 'yes', certificate)).toEqual(['200 True', '200 True']);
      expect(await run(url, password, 'no', certificate)).toEqual(['401 False', '401 False']);
    } finally {
      await gateway.close();
      rmSync(directory, { recursive: true });
    }
  });
});
