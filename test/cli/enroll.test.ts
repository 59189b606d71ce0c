import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { pendingFileOf } from '../../src/cli/enroll/pending-file.js';
import { certificationRequest } from '../support/certificates.js';
import {
  startGatewayProcess,
  type CommandRun,
  type GatewayProcess,
} from '../support/gateway-process.js';
import { testKey, testKeyObject, type TestKeyName } from '../support/keys.js';

jest.setTimeout(180_000);

const config = `
profiles:
  default:
    paths: [/scep]
  manual:
    paths: [/scep/manual]
    approval: manual
  open:
    paths: [/scep/open]
    challenges: { dynamic: false, none: anyone-may-enroll }
    algorithms:
      digests: [md5, sha1, sha256, sha384, sha512]
      ciphers: [des-cbc, des-ede3-cbc, aes-128-cbc, aes-192-cbc, aes-256-cbc]
`;

let gateway: GatewayProcess;
let fingerprint: string;

beforeAll(async () => {
  gateway = await startGatewayProcess({ config });
  const { stdout } = await gateway.run(['thumbprint', '--profile', 'default', '--json']);
  const all = JSON.parse(stdout) as { role: string; sha256: string }[];
  fingerprint = all.find(({ role }) => role === 'CA')?.sha256 ?? '';
});
afterAll(() => gateway.dispose());

/** Enrolls at a profile of the gateway whose CA is checked. */
function enroll(path: string, ...args: readonly string[]): Promise<CommandRun> {
  return gateway.run([
    'enroll',
    '--url',
    `${gateway.url}${path}`,
    '--fingerprint',
    fingerprint,
    ...args,
  ]);
}

function file(name: string): string {
  return join(gateway.directory, name);
}

function certificateIn(name: string): X509Certificate {
  return new X509Certificate(readFileSync(file(name)));
}

function keyFits(certificate: string, key: string): boolean {
  return certificateIn(certificate).checkPrivateKey(createPrivateKey(readFileSync(file(key))));
}

/** A copy of a fixed key, where making one would take long. */
function keyFile(name: string, key: TestKeyName): string {
  writeFileSync(file(name), testKeyObject(key).export({ format: 'pem', type: 'pkcs8' }));
  return name;
}

describe('a first certificate', () => {
  test('makes the key, keeps it from others, writes certificate and chain', async () => {
    const { code, stdout: challenge } = await gateway.run(['challenge', 'new']);
    expect(code).toBe(0);
    const run = await gateway.run(
      [
        ...['enroll', '--url', `${gateway.url}/scep`, '--subject', 'CN=device-1,O=Example'],
        ...['--san', 'dns:device-1.example.org', '--san', 'email:d@example.org'],
        ...['--key-usage', 'digitalSignature', '--eku', 'clientAuth', '--challenge-file', '-'],
        ...['--key', 'one.key', '--out', 'one.pem', '--chain', 'one.chain'],
      ],
      { input: challenge },
    );
    expect(run).toMatchObject({ code: 0, stdout: '' });
    expect(run.stderr).toContain(`CA not checked: CN=SCEP Gateway CA, SHA-256 ${fingerprint}`);
    expect(run.stderr).toContain('key made: one.key (RSA 2048)');
    expect(run.stderr).toMatch(/issued: CN=device-1,O=Example, serial [0-9a-f]+, until /);
    expect(run.stderr).not.toContain(challenge.trim());

    const certificate = certificateIn('one.pem');
    expect(certificate.subject).toBe('CN=device-1\nO=Example');
    expect(certificate.subjectAltName).toBe('DNS:device-1.example.org, email:d@example.org');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(keyFits('one.pem', 'one.key')).toBe(true);
    expect(certificate.verify(certificateIn('one.chain').publicKey)).toBe(true);
    expect(statSync(file('one.key')).mode & 0o777).toBe(0o600);
    expect(existsSync(pendingFileOf(file('one.key')))).toBe(false);
  });

  test('without --key and --out: the key is named after the device, the certificate printed', async () => {
    const run = await enroll(
      '/scep',
      '--subject',
      'CN=a b',
      '--challenge',
      await gateway.challenge(),
    );
    expect(run.code).toBe(0);
    expect(run.stderr).not.toContain('CA not checked');
    writeFileSync(file('printed.pem'), run.stdout);
    expect(keyFits('printed.pem', 'a_b.key')).toBe(true);
  });

  test('EC keys, whose replies the challenge opens', async () => {
    const challenge = await gateway.challenge();
    const run = await enroll(
      '/scep',
      ...['--subject', 'CN=ec', '--key-type', 'ec:P-256', '--challenge', challenge, '--json'],
    );
    expect(run.code).toBe(0);
    const told = JSON.parse(run.stdout) as Record<string, string>;
    expect(told).toMatchObject({ outcome: 'issued', subject: 'CN=ec', key: 'ec.key' });
    const certificate = new X509Certificate(told['certificate'] ?? '');
    expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    const { stdout } = await gateway.run(['certificate', 'show', told['serial'] ?? '']);
    expect(stdout).toContain('EC P-256');
  });

  test.each([
    ['client', 'sha1', '3des', ['--method', 'get']],
    ['client', 'sha256', 'aes192', ['--oaep']],
    ['client-4096', 'sha384', 'aes256', ['--oaep', 'sha512', '--method', 'post']],
    ['client', 'sha512', 'aes128', ['--oaep', 'sha1']],
    ['client', 'md5', 'des', []],
    ['client-p-384', 'sha384', 'aes256', []],
    ['client-p-521', 'sha512', 'aes128', ['--method', 'get', '--oaep']],
  ] as const)('%s with %s and %s %j', async (key, digest, cipher, more) => {
    const name = `${key}-${digest}`;
    const run = await enroll(
      '/scep/open',
      ...['--subject', `CN=${name}`, '--key', keyFile(`${name}.key`, key)],
      ...['--digest', digest, '--cipher', cipher, '--out', `${name}.pem`, ...more],
    );
    expect(run).toMatchObject({ code: 0, stdout: '' });
    expect(keyFits(`${name}.pem`, `${name}.key`)).toBe(true);
    const line = gateway
      .output()
      .stdout.split('\n')
      .find((each) => each.includes('pki operation') && each.includes(`CN=${name}"`));
    expect(JSON.parse(line ?? '{}')).toMatchObject({
      digest,
      cipher:
        { des: 'des-cbc', '3des': 'des-ede3-cbc' }[cipher as string] ??
        `aes-${cipher.slice(3)}-cbc`,
    });
  });

  test('a CSR made elsewhere, opened with another key', async () => {
    const csr = await certificationRequest(testKey('client-p-256'), { subject: 'CN=elsewhere' });
    writeFileSync(file('elsewhere.csr'), csr);
    keyFile('transport.key', 'client');
    const run = await enroll(
      '/scep/open',
      ...['--csr', 'elsewhere.csr', '--key', 'transport.key', '--out', 'elsewhere.pem'],
    );
    expect(run.code).toBe(0);
    expect(run.stderr).toContain('the key in transport.key is not that of the CSR');
    expect(certificateIn('elsewhere.pem').checkPrivateKey(testKeyObject('client-p-256'))).toBe(
      true,
    );
  });
});

describe('renewal', () => {
  test('same key by RenewalReq, then a new key by PKCSReq; names are kept', async () => {
    const san = ['--san', 'dns:r.example.org', '--san', 'ip:192.0.2.7'];
    keyFile('renew.key', 'client-2');
    const first = await enroll(
      '/scep',
      ...['--subject', 'CN=renewed', ...san, '--key', 'renew.key', '--out', 'renew.pem'],
      ...['--challenge', await gateway.challenge()],
    );
    expect(first.code).toBe(0);
    const second = await enroll(
      '/scep',
      ...['--renew', '--cert', 'renew.pem', '--key', 'renew.key', '--out', 'renew-2.pem'],
    );
    expect(second.code).toBe(0);
    expect(keyFits('renew-2.pem', 'renew.key')).toBe(true);
    expect(certificateIn('renew-2.pem').serialNumber).not.toBe(
      certificateIn('renew.pem').serialNumber,
    );
    const third = await enroll(
      '/scep',
      ...['--renew', '--pkcsreq', '--cert', 'renew-2.pem', '--key', 'renew.key'],
      ...['--new-key', 'renew-3.key', '--key-type', 'ec:P-384', '--out', 'renew-3.pem'],
    );
    expect(third.code).toBe(0);
    expect(keyFits('renew-3.pem', 'renew-3.key')).toBe(true);
    expect(certificateIn('renew-3.pem').subjectAltName).toBe(
      'DNS:r.example.org, IP Address:192.0.2.7',
    );
    const fourth = await enroll(
      '/scep',
      ...['--renew', '--cert', 'renew-3.pem', '--key', 'renew-3.key', '--out', 'renew-4.pem'],
    );
    expect(fourth).toMatchObject({ code: 0 });
    expect(keyFits('renew-4.pem', 'renew-3.key')).toBe(true);
  });

  test('of a certificate of another profile is refused', async () => {
    keyFile('foreign.key', 'client');
    const first = await enroll(
      '/scep/open',
      ...['--subject', 'CN=foreign', '--key', 'foreign.key', '--out', 'foreign.pem'],
    );
    expect(first.code).toBe(0);
    const run = await enroll('/scep', '--renew', '--cert', 'foreign.pem', '--key', 'foreign.key');
    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(run.stderr).toContain(
      'refused: badRequest: The renewal is not signed with a certificate',
    );
  });
});

describe('manual approval', () => {
  async function request(name: string, ...more: readonly string[]): Promise<CommandRun> {
    keyFile(`${name}.key`, 'client');
    const challenge = await gateway.challenge({ profile: 'manual' });
    return enroll(
      '/scep/manual',
      ...['--subject', `CN=${name}`, '--key', `${name}.key`, '--challenge', challenge],
      ...['--out', `${name}.pem`, ...more],
    );
  }

  async function decide(name: string, ...decision: readonly string[]): Promise<void> {
    const { stdout } = await gateway.run(['pending', 'list', '--json']);
    const all = JSON.parse(stdout) as { id: string; subject: string }[];
    const { id = '' } = all.find(({ subject }) => subject === `CN=${name}`) ?? {};
    const [verb = '', ...rest] = decision;
    expect((await gateway.run(['pending', verb, id.slice(0, 12), ...rest])).code).toBe(0);
  }

  test('pending, polled, approved', async () => {
    const first = await request('waits', '--json');
    expect(first.code).toBe(4);
    expect(JSON.parse(first.stdout)).toMatchObject({
      outcome: 'pending',
      pendingFile: 'waits.key.pending.json',
    });
    const kept = pendingFileOf(file('waits.key'));
    expect(statSync(kept).mode & 0o777).toBe(0o600);

    const again = await request('waits');
    expect(again.code).toBe(2);
    expect(again.stderr).toMatch(
      /A request of this key is pending since .*\n {2}→ Resume it with --poll/,
    );

    const poll = ['enroll', '--poll', '--key', 'waits.key', '--out', 'waits.pem'];
    const early = await gateway.run(poll);
    expect(early.code).toBe(4);
    expect(early.stderr).toContain('→ ask again with: scep-gateway enroll --poll --key waits.key');
    await decide('waits', 'approve');
    expect((await gateway.run(poll)).code).toBe(0);
    expect(keyFits('waits.pem', 'waits.key')).toBe(true);
    expect(existsSync(kept)).toBe(false);
    expect(await gateway.run(poll)).toMatchObject({ code: 1, stdout: '' });
  });

  test('--wait lasts until the decision; a denial carries its reason', async () => {
    const waiting = request('patient', '--wait', '120', '--interval', '1');
    while (!existsSync(pendingFileOf(file('patient.key'))))
      await new Promise((r) => setTimeout(r, 200));
    await decide('patient', 'deny', '--reason', 'Not one of ours.');
    const run = await waiting;
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/pending for \d+ s; asking again/);
    expect(run.stderr).toMatch(/refused: badRequest: .*Not one of ours\./);
    expect(existsSync(pendingFileOf(file('patient.key')))).toBe(false);
  });
});

describe('questions', () => {
  test('the CA, a certificate, the CRL, the next CA', async () => {
    const ca = await enroll('/scep', '--get-ca', '--json');
    expect(ca.code).toBe(0);
    const { capabilities } = JSON.parse(ca.stdout) as { capabilities: string[] };
    expect(capabilities).toEqual(expect.arrayContaining(['AES', 'SHA-256', 'POSTPKIOperation']));

    keyFile('asked.key', 'client');
    const issued = await enroll(
      '/scep/open',
      ...['--subject', 'CN=asked', '--key', 'asked.key', '--out', 'asked.pem'],
    );
    expect(issued.code).toBe(0);
    const serial = certificateIn('asked.pem').serialNumber;
    const found = await enroll('/scep', '--get-cert', serial);
    expect(found).toMatchObject({ code: 0, stdout: readFileSync(file('asked.pem'), 'utf8') });
    const unknown = await enroll('/scep', '--get-cert', '12:34');
    expect(unknown).toMatchObject({ code: 1, stdout: '' });
    expect(unknown.stderr).toContain('refused: badCertId');

    expect((await gateway.run(['certificate', 'revoke', serial])).code).toBe(0);
    const crl = await enroll(
      '/scep',
      ...['--get-crl', '--cert', 'asked.pem', '--key', 'asked.key', '--out', 'crl.pem', '--json'],
    );
    expect(crl.code).toBe(0);
    expect(JSON.parse(crl.stdout)).toMatchObject({ revoked: [{ serial: serial.toLowerCase() }] });
    expect(readFileSync(file('crl.pem'), 'latin1')).toMatch(/^-----BEGIN X509 CRL-----/);

    const none = await enroll('/scep', '--get-next-ca');
    expect(none).toMatchObject({ code: 1, stdout: '' });
    expect(none.stderr).toContain('The server answered GetNextCACert with HTTP ');
  });
});

describe('failures', () => {
  test('a wrong challenge is refused with what to do next', async () => {
    keyFile('wrong.key', 'client');
    const run = await enroll(
      '/scep',
      ...['--subject', 'CN=wrong', '--key', 'wrong.key', '--challenge', 'WRONG', '--json'],
    );
    expect(run.code).toBe(1);
    expect(JSON.parse(run.stdout)).toMatchObject({
      outcome: 'refused',
      failInfo: 'badRequest',
      failInfoText: expect.stringContaining('The challenge password cannot be verified'),
    });
    expect(run.stderr).toContain('→ The server does not allow this request');
    expect(existsSync(file('wrong.pem'))).toBe(false);
  });

  test('nobody there; a web page; another CA', async () => {
    const nobody = await gateway.run([
      ...['enroll', '--url', 'http://127.0.0.1:9/scep', '--subject', 'CN=x'],
    ]);
    expect(nobody).toMatchObject({ code: 4, stdout: '' });
    expect(nobody.stderr).toContain('The SCEP server cannot be reached.');

    const page = createServer((_request, response) => response.end('<html>Sign in</html>'));
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
    const { port } = page.address() as AddressInfo;
    const answer = await gateway.run([
      ...['enroll', '--url', `http://127.0.0.1:${port}/scep`, '--subject', 'CN=x'],
    ]);
    page.close();
    expect(answer).toMatchObject({ code: 1, stdout: '' });
    expect(answer.stderr).toContain('GetCACert answered no certificate.');

    const other = await gateway.run([
      ...['enroll', '--url', `${gateway.url}/scep`, '--subject', 'CN=x'],
      ...['--fingerprint', 'AB'.repeat(32)],
    ]);
    expect(other).toMatchObject({ code: 1, stdout: '' });
    expect(other.stderr).toContain('No CA certificate has the fingerprint that was given.');
    expect(existsSync(file('x.key'))).toBe(false);
  });

  const mistakes: readonly (readonly [string[], string])[] = [
    [['--subject', 'CN=x'], 'Which server?'],
    [['--poll'], 'Which request?'],
    [['--renew', '--get-crl'], 'One thing at a time: --renew, --get-crl.'],
    [['--url', 'ftp://x'], 'ftp://x is no http or https URL.'],
    [['--digest', 'sha3'], 'Allowed choices are md5, sha1, sha256, sha384, sha512.'],
    [['--wait', 'long'], 'It must be a whole number from 0 to 31536000.'],
  ];
  const impossible: readonly (readonly [string[], string])[] = [
    [['--subject', 'no name'], 'The distinguished name "no name" has no `type=value`'],
    [['--subject', 'O=x'], 'Where shall the private key be?'],
    [[], 'Whose certificate shall it be?'],
    [
      ['--subject', 'CN=x', '--san', 'host', '--key', 'one.key'],
      '"host" is no subject alternative name.',
    ],
    [
      ['--subject', 'CN=x', '--key', 'one.key', '--key-type', 'ec:P-256'],
      'is RSA 2048, not ec:P-256',
    ],
    [['--renew'], 'A renewal needs the old certificate and its key.'],
    [['--csr', 'absent.csr'], 'The file absent.csr cannot be read.'],
  ];

  test('mistakes of the caller end with 2 and say what is missing', async () => {
    const runs = await Promise.all([
      ...mistakes.map(([args]) => gateway.run(['enroll', ...args])),
      ...impossible.map(([args]) => enroll('/scep/open', ...args)),
    ]);
    for (const [index, [, text]] of [...mistakes, ...impossible].entries()) {
      expect(runs[index]).toMatchObject({ code: 2, stdout: '' });
      expect(runs[index]?.stderr).toContain(text);
    }
  });
});
