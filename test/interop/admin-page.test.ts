/** MDMs fetch the admin page as they do, read it as they do, and a device enrolls with what they read. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pageClients, thumbprintOn } from '../ndes/parsers.js';
import { testDevice, testRequest } from '../support/pki-message.js';
import { deviceMessage, expectIssued, fetchAuthority, type Authority } from './device.js';
import { startGateway, type Gateway } from './gateway.js';
import { describeWithPrograms, mustRun, runProgram } from './programs.js';
import { exchange } from './wire.js';

const page = '/certsrv/mscep_admin/';
const scep = '/certsrv/mscep/mscep.dll';
const subject = 'CN=managed,O=Example';

let gateway: Gateway;
let authority: Authority;

beforeAll(async () => {
  gateway = await startGateway({ example: 'ndes-compatible.yaml' });
  authority = await fetchAuthority(gateway.url + scep);
}, 60_000);
afterAll(() => gateway.stop());

async function enrollsWith(challengePassword: string): Promise<void> {
  const signer = await testDevice('client', subject);
  const sent = await deviceMessage({
    signer,
    recipients: [authority.encryption],
    content: await testRequest(signer, { subject, challengePassword }),
    transactionId: randomBytes(20).toString('hex'),
    digest: 'sha256',
    cipher: 'aes-128-cbc',
  });
  const head = [
    `POST ${scep}?operation=PKIOperation HTTP/1.1`,
    `Host: 127.0.0.1:${gateway.port}`,
    `Content-Length: ${sent.bytes.length}`,
  ];
  const answer = await exchange(gateway.port, head, sent.bytes);
  await expectIssued(answer, authority, sent, { subject });
}

/** Every MDM's parser finds the same password, and it opens the door. */
async function everyParserReads(body: Buffer): Promise<void> {
  const readings = pageClients.map(({ read }) => read(body));
  const [reading] = readings;
  if (reading?.kind !== 'password') throw new Error(`no password: ${body.toString('utf16le')}`);
  expect(readings).toEqual(pageClients.map(() => reading));
  expect(reading.password).toMatch(/^[0-9A-F]{16}$/);
  expect(thumbprintOn(body)?.replaceAll(' ', '')).toBe(authority.issuer.thumbprints.md5);
  await enrollsWith(reading.password);
}

describeWithPrograms('curl at the admin page', ['curl'], () => {
  /** Output of curl goes to a file: the page is UTF-16. */
  async function curl(...args: readonly string[]): Promise<{ body: Buffer; status: string }> {
    const file = join(gateway.directory, randomBytes(6).toString('hex'));
    const common = ['--silent', '--show-error', '--output', file, '--write-out', '%{http_code}'];
    const status = await mustRun('curl', [...common, ...args]);
    return { body: readFileSync(file), status };
  }

  const user = () => ['--user', gateway.administrator];
  const url = () => gateway.url + page;

  test.each([
    ['--basic, which sends the password at once', ['--basic']],
    ['--anyauth, which asks first what there is', ['--anyauth']],
    ['--anyauth over HTTP/1.0', ['--anyauth', '--http1.0']],
  ])('with %s', async (_, how) => {
    const { body, status } = await curl(...how, ...user(), url());
    expect(status).toBe('200');
    await everyParserReads(body);
  });

  test('with a POST of a form, as a script of HPE does', async () => {
    const form = ['--data', 'operation=GetCACaps'];
    const { body, status } = await curl('--basic', ...user(), ...form, url());
    expect(status).toBe('200');
    await everyParserReads(body);
  });

  test.each(['DOMAIN\\admin', 'admin@corp.example'])('as %s', async (name) => {
    const password = gateway.administrator.split(':')[1] ?? '';
    const { body } = await curl('--basic', '--user', `${name}:${password}`, url());
    await everyParserReads(body);
  });

  test('in any letter case, with and without the last slash', async () => {
    for (const path of ['/CertSrv/mscep_admin', '/certsrv/MSCEP_ADMIN/']) {
      const { body } = await curl('--basic', '--location', ...user(), gateway.url + path);
      await everyParserReads(body);
    }
  });

  test.each([
    ['no password', []],
    ['a wrong password', ['--basic', '--user', 'admin:wrong-password']],
    ['a wrong password, asked first', ['--anyauth', '--user', 'admin:wrong-password']],
  ])('with %s is told 401', async (_, how) => {
    const { status, body } = await curl(...how, url());
    expect(status).toBe('401');
    for (const { read } of pageClients) expect(read(body)).toEqual({ kind: 'nothing' });
  });

  test('sends the header fields a scraper looks at', async () => {
    const args = ['--silent', '--basic', ...user(), '--dump-header', '-', '--output', '/dev/null'];
    const head = await mustRun('curl', [...args, url()]);
    expect(head).toContain('\r\nContent-Type: text/html\r\n');
    expect(head).toContain('\r\nCache-Control: no-store\r\n');
  });
});

describeWithPrograms('python3 urllib at the admin page', ['python3'], () => {
  /** Basic through a password manager: the first request has no credentials, as in older scripts. */
  const script = `
import sys, urllib.request
url, user, password = sys.argv[1:]
manager = urllib.request.HTTPPasswordMgrWithDefaultRealm()
manager.add_password(None, url, user, password)
opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(manager))
text = opener.open(url).read().decode('UTF-16')
sys.stdout.write(text.split('enrollment challenge password is: <B> ')[1].split(' </B>')[0])
`;

  test('reads the password after a 401', async () => {
    const [user = '', password = ''] = gateway.administrator.split(':');
    const args = ['-c', script, gateway.url + page, user, password];
    const { status, stdout, stderr } = await runProgram('python3', args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    await enrollsWith(stdout);
  });
});
