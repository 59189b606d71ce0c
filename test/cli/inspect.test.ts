import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Report } from '../../src/cli/inspect/report.js';
import { extensionOids, readKeyUsage, readPem, toPem, Certificate } from '../../src/x509/index.js';
import { selfSigned } from '../support/certificates.js';
import {
  runCommand,
  startGatewayProcess,
  type CommandRun,
  type GatewayProcess,
} from '../support/gateway-process.js';
import { testKey, testKeyObject } from '../support/keys.js';
import {
  issuerAndSubject,
  pkiMessage,
  testDevice,
  testRequest,
  wire,
  type PkiMessageOptions,
  type TestSigner,
} from '../support/pki-message.js';
import { startRecorder, type Recorder } from './recorder.js';

jest.setTimeout(180_000);

const config = `
profiles:
  default:
    paths: [/scep]
  manual:
    paths: [/scep/manual]
    approval: manual
`;

let gateway: GatewayProcess;
let recorder: Recorder;
let ca: Certificate;
let ra: Certificate;
let device: TestSigner;

beforeAll(async () => {
  gateway = await startGatewayProcess({ config });
  recorder = await startRecorder(gateway.url);
  const { stdout } = await gateway.run(['enroll', '--url', `${gateway.url}/scep`, '--get-ca']);
  const certificates = readPem(stdout).map(({ der }) => Certificate.fromDer(der));
  ca = certificates.at(-1)!;
  ra = certificates.find((certificate) => {
    const usage = certificate.extension(extensionOids.keyUsage);
    return usage && readKeyUsage(usage).includes('keyEncipherment');
  })!;
  device = await testDevice();
  writeFileSync(join(gateway.directory, 'client.key'), clientKeyPem());
});
afterAll(async () => {
  recorder.close();
  await gateway.dispose();
});

function clientKeyPem(): string {
  return testKeyObject('client').export({ format: 'pem', type: 'pkcs8' }).toString();
}

function inspect(input: Buffer | string, ...args: readonly string[]): Promise<CommandRun> {
  return gateway.run(['inspect', ...args], { input });
}

/** A PKCSReq of the device to the RA, with everything that `options` makes odd. */
async function message(
  options: Partial<PkiMessageOptions> & { challenge?: string } = {},
): Promise<Buffer> {
  const { challenge = '', ...rest } = options;
  return pkiMessage({
    signer: device,
    recipients: [ra],
    content: await testRequest(device, { challengePassword: challenge }),
    ...rest,
  });
}

interface Json extends Omit<Report, 'sections'> {
  readonly form: string;
  readonly sections: readonly {
    readonly title: string;
    readonly facts: readonly { readonly label: string; readonly value: string }[];
  }[];
}

function fact(report: Json, label: string): string | undefined {
  return report.sections.flatMap(({ facts }) => facts).find((each) => each.label === label)?.value;
}

/** Exit code and the sentences of what is wrong. */
async function judged(bytes: Buffer, ...args: readonly string[]) {
  const run = await inspect(bytes, '--json', ...args);
  const report = JSON.parse(run.stdout) as Json;
  return {
    code: run.code,
    wrong: report.wrong.map(({ text }) => text),
    notes: report.notes,
    report,
  };
}

describe('a request, with the data directory at hand', () => {
  test('that would be granted: everything is told but the challenge', async () => {
    const challenge = await gateway.challenge();
    const run = await inspect(await message({ challenge }));
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).not.toContain(challenge);
    for (const text of [
      /^PKCSReq \(19\) \(binary, \d+ octets\)\n/,
      / {2}transactionID {3}transaction-1\n/,
      / {2}Verifies {8}yes\n/,
      / {2}Signer {10}CN=device-1,O=Example, serial [0-9a-f]+, RSA 2048, until 2049-12-31 23:59, self-signed\n/,
      new RegExp(
        ` {2}Encrypted to {4}CN=SCEP Gateway CA serial ${ra.serial} by RSAES-PKCS1-v1_5\n`,
      ),
      / {2}Opened {10}yes\n/,
      / {2}Challenge {7}present, 16 characters\n/,
      / {2}Its state {7}open until \d{4}-\d\d-\d\d \d\d:\d\d UTC, [0-9a-f]{20}\n/,
      /\nNothing is wrong with it\.\n$/,
    ]) {
      expect(run.stdout).toMatch(text);
    }
    const { stdout } = await gateway.run(['challenge', 'list', '--json', '--state', 'open']);
    expect((JSON.parse(stdout) as { uses: number }[]).every(({ uses }) => uses === 0)).toBe(true);
  });

  test('by GET, spent by itself: the audit trail is shown; by another: wrong', async () => {
    const challenge = await gateway.challenge();
    const enrolled = await gateway.run([
      ...['enroll', '--url', `${recorder.url}/scep`, '--subject', 'CN=seen', '--method', 'get'],
      ...['--key', 'client.key', '--challenge', challenge, '--out', 'seen.pem'],
    ]);
    expect(enrolled.code).toBe(0);
    const own = await inspect(recorder.last().url);
    expect(own.code).toBe(0);
    expect(own.stdout).toContain('base64 in a URL, percent-encoded');
    expect(own.stdout).toContain('enrollment.issued (ok): authorized by challenge; reference ');
    expect(own.stdout).toContain('The challenge was spent by this very transaction');

    const other = await judged(await message({ challenge }));
    expect(other.code).toBe(1);
    expect(other.wrong).toEqual([
      expect.stringMatching(
        /^The challenge [0-9a-f]{20} was used already, on .* UTC for CN=seen\.$/,
      ),
    ]);
  });

  test('whose challenge is unknown, bound to another, or missing', async () => {
    const bound = await gateway.challenge({ subject: 'CN=other' });
    const [unknown, variable, foreign, missing] = await Promise.all([
      judged(await message({ challenge: 'C0FFEE00C0FFEE00' })),
      judged(await message({ challenge: '%ChallengePassword%' })),
      judged(await message({ challenge: bound })),
      inspect(await message()),
    ]);
    expect(unknown).toMatchObject({
      code: 1,
      wrong: ['This gateway does not know the challenge (16 hex digits).'],
    });
    expect(variable.wrong).toEqual([
      'This gateway does not know the challenge (it looks like a variable that nobody filled in).',
    ]);
    expect(foreign).toMatchObject({
      code: 1,
      wrong: [
        expect.stringContaining(
          'opens for something else: bound to subject CN=other, used for CN=device-1,O=Example.',
        ),
      ],
    });
    expect(missing.code).toBe(1);
    expect(missing.stdout).toContain(
      '  1. There is no challengePassword, and the signer is self-signed: not authorized.\n' +
        '     → Put a challenge into the CSR: scep-gateway challenge new\n',
    );
  });

  test('encrypted to another server, or to the CA instead of the RA', async () => {
    const stranger = await selfSigned(testKey('ra-old'), { subject: 'CN=Other CA' });
    const [other, toCa] = await Promise.all([
      judged(await message({ recipients: [stranger] })),
      judged(await message({ recipients: [ca] })),
    ]);
    expect(other.code).toBe(1);
    expect(other.wrong).toEqual([
      expect.stringMatching(
        new RegExp(
          `^The envelope cannot be opened\\. It is encrypted to: CN=Other CA serial ${stranger.serial}\\. ` +
            `Tried: CN=SCEP Gateway CA serial ${ra.serial}; `,
        ),
      ),
      'The recipient is no certificate of profile default: the device holds the RA certificate of another server, or an old one.',
    ]);
    expect(toCa.wrong[1]).toBe(
      'It is encrypted to the CA certificate, and this profile opens requests with the RA keys.',
    );
  });

  test('below the floor, too small a key, signed by another key, changed on the way', async () => {
    const small = await testDevice('client-1024');
    const forged = { certificate: device.certificate, key: testKey('client-2') };
    const changed = await message();
    changed[changed.length - 1]! ^= 1;
    const [weak, tiny, foreign, broken, popless] = await Promise.all([
      judged(await message({ digest: 'md5', cipher: 'des-cbc' })),
      judged(await message({ signer: small, content: await testRequest(small) })),
      judged(await message({ signer: forged })),
      judged(changed),
      judged(
        await message({
          content: await testRequest(device, { publicKey: testKey('client-2').publicKey }),
        }),
      ),
    ]);
    expect(weak.wrong.slice(0, 2)).toEqual([
      'The digest MD5 is below the floor of the profile, which takes SHA-1, SHA-256, SHA-384, SHA-512.',
      'The content cipher single DES is below the floor of the profile, which takes 3DES, AES-128, AES-192, AES-256.',
    ]);
    expect(tiny.wrong).toContain(
      "Profile default would refuse it: The key, RSA 1024, is too small; this profile takes RSA 2048 to 8192, EC P-256, EC P-384, EC P-521. Change the key size in the device's SCEP settings.",
    );
    expect(foreign.wrong).toContain('The signature does not verify.');
    expect(broken.wrong).toContain('The signature does not verify.');
    expect(popless.wrong).toContain(
      'The CSR is not signed with its own key (proof of possession fails).',
    );
    expect([weak, tiny, foreign, broken, popless].map(({ code }) => code)).toEqual([1, 1, 1, 1, 1]);
  });

  test('odd, but let pass', async () => {
    const odd = await selfSigned(testKey('client'), {
      subject: 'CN=device-1,O=Example',
      serial: Buffer.from([0xff, 0x01]),
      notAfter: new Date('2021-01-01T00:00:00Z'),
    });
    const { code, notes } = await judged(
      await message({
        signer: { certificate: odd, key: testKey('client') },
        challenge: await gateway.challenge(),
        transactionId: 'a*b',
        digest: 'sha1',
        cipher: 'des-ede3-cbc',
      }),
    );
    expect(code).toBe(0);
    expect(notes).toEqual([
      'The transactionID is no PrintableString (RFC 8894 §3.2.1.1); it is taken as it is.',
      'SHA-1 is weak; the profile still lets it in.',
      'The certificate of the signer expired on 2021-01-01 00:00 UTC; for a self-signed one that is let pass.',
      'The serial number of the signer is negative; that is let pass, but RFC 5280 forbids it.',
    ]);
  });

  test('a poll for nothing, a renewal of nothing, an UpdateReq', async () => {
    const [poll, renewal, update] = await Promise.all([
      judged(
        await message({
          messageType: wire.CertPoll,
          transactionId: 'never-seen',
          content: issuerAndSubject(ca, device.certificate),
        }),
      ),
      judged(await message({ messageType: wire.RenewalReq })),
      judged(await message({ messageType: wire.UpdateReq })),
    ]);
    expect(poll.wrong).toEqual(['It polls for a transaction that this gateway does not know.']);
    expect(renewal.wrong).toContain(
      'A RenewalReq is signed with the certificate to renew; this signer is self-signed.',
    );
    expect(update.wrong[0]).toBe(
      'The messageType UpdateReq (18) is served by no SCEP server here.',
    );
  });
});

describe('a reply', () => {
  test('SUCCESS: closed without the key of the device, open with it', async () => {
    const enrolled = await gateway.run([
      ...['enroll', '--url', `${recorder.url}/scep`, '--subject', 'CN=reply'],
      ...['--key', 'client.key', '--challenge', await gateway.challenge(), '--out', 'reply.pem'],
    ]);
    expect(enrolled.code).toBe(0);
    const { reply } = recorder.last();
    const closed = await inspect(reply.toString('base64'));
    expect(closed.code).toBe(0);
    expect(closed.stdout).toMatch(/^CertRep \(3\): SUCCESS \(base64, /);
    expect(closed.stdout).toContain('Only the device can open it: give its key with --key');
    const open = await judged(reply, '--key', 'client.key');
    expect(open.code).toBe(0);
    expect(fact(open.report, 'Opened')).toBe('yes');
    expect(fact(open.report, 'Subject')).toBe('CN=reply');
    expect(fact(open.report, 'On record')).toMatch(/^issued .* by profile default$/);
  });

  test('to an EC device: the challenge opens it', async () => {
    const challenge = await gateway.challenge();
    const enrolled = await gateway.run([
      ...['enroll', '--url', `${recorder.url}/scep`, '--subject', 'CN=ec-reply'],
      ...['--key-type', 'ec:P-256', '--challenge', challenge, '--out', 'ec-reply.pem'],
    ]);
    expect(enrolled.code).toBe(0);
    const { reply } = recorder.last();
    writeFileSync(join(gateway.directory, 'challenge.txt'), `${challenge}\n`);
    writeFileSync(join(gateway.directory, 'reply.der'), reply);
    const run = await gateway.run([
      'inspect',
      '--challenge-password',
      'challenge.txt',
      'reply.der',
    ]);
    expect(run.code).toBe(0);
    expect(run.stdout).toContain('Encrypted to    a password by PBKDF2');
    expect(run.stdout).toContain('Subject         CN=ec-reply');
    expect(run.stdout).not.toContain(challenge);
  });

  test('FAILURE says what it means and where to look; PENDING what to do', async () => {
    const refused = await gateway.run([
      ...['enroll', '--url', `${recorder.url}/scep`, '--subject', 'CN=no', '--challenge', 'NO'],
      ...['--key', 'client.key'],
    ]);
    expect(refused.code).toBe(1);
    const failure = await inspect(recorder.last().reply);
    expect(failure.code).toBe(1);
    expect(failure.stdout).toContain(
      '1. The server refused: badRequest. The server does not allow',
    );
    expect(failure.stdout).toMatch(
      /More on the server: scep-gateway certificate show [A-Z2-7]{12}\n/,
    );

    const challenge = await gateway.challenge({ profile: 'manual' });
    const waits = await gateway.run([
      ...['enroll', '--url', `${recorder.url}/scep/manual`, '--subject', 'CN=waits'],
      ...['--key', 'client.key', '--challenge', challenge],
    ]);
    expect(waits.code).toBe(4);
    const pending = await judged(recorder.last().reply);
    expect(pending.code).toBe(0);
    expect(pending.report.what).toBe('CertRep (3): PENDING');
    expect(pending.notes).toContain(
      'The request waits for an administrator: scep-gateway pending list',
    );
  });
});

describe('other things', () => {
  test('CSR, certificates, CRL, bundle', async () => {
    const csr = await testRequest(device, { challengePassword: await gateway.challenge() });
    const expired = await selfSigned(testKey('client-1024'), {
      subject: 'CN=\u001b[31mold',
      serial: Buffer.from([0x80]),
      digest: 'sha1',
      notAfter: new Date('2021-01-01T00:00:00Z'),
    });
    const bundle = await fetch(`${gateway.url}/scep?operation=GetCACert`);
    const crl = await gateway.run(['enroll', '--url', `${gateway.url}/scep`, '--get-crl']);
    const [request, old, many, list, pem] = await Promise.all([
      inspect(csr),
      inspect(expired.der),
      inspect(Buffer.from(await bundle.arrayBuffer()), '--json'),
      inspect(crl.stdout),
      inspect(`${ca.toPem()}${ra.toPem()}`),
    ]);
    expect(request.code).toBe(0);
    expect(request.stdout).toMatch(/^A CSR \(binary, [^]*Its state {7}open until/);
    expect(old.code).toBe(1);
    expect(old.stdout).toContain('Subject         CN=\\1b[31mold\n');
    expect(old.stdout).toContain(
      [
        'Wrong:',
        '  1. It expired on 2021-01-01 00:00 UTC.',
        '  2. It is signed with SHA-1, which is no longer trusted.',
        '  3. Its key, RSA 1024, is too small; 2048 bits are the least.',
        '  4. The serial number is negative; RFC 5280 §4.1.2.2 wants a positive one.',
        '',
      ].join('\n'),
    );
    expect(many.code).toBe(0);
    expect(JSON.parse(many.stdout)).toMatchObject({
      what: 'A bundle that nobody signed',
      known: true,
      wrong: [],
      sections: [
        { title: 'Certificate 1' },
        { title: 'Certificate 2' },
        { title: 'Certificate 3' },
      ],
    });
    expect(list.code).toBe(0);
    expect(list.stdout).toContain('Issued by       a CA at hand: verifies');
    expect(pem.code).toBe(0);
    expect(pem.stdout.match(/^A certificate \(PEM/gm)).toHaveLength(2);
  });

  test('cut off, followed by something, a private key, nothing at all', async () => {
    const whole = await message({ challenge: await gateway.challenge() });
    const [short, long, key, nothing, page, log] = await Promise.all([
      judged(whole.subarray(0, 900)),
      judged(Buffer.concat([whole, Buffer.from('rest')])),
      inspect(clientKeyPem()),
      inspect('what is this?'),
      inspect('<html>404</html>', '--json'),
      inspect('GET /scep?operation=GetCACert&message=ca HTTP/1.1'),
    ]);
    expect(short).toMatchObject({ code: 1 });
    expect(short.wrong[0]).toBe(
      `It is cut off: it announces ${whole.length} octets, and 900 are here.`,
    );
    expect(long).toMatchObject({ code: 1, wrong: ['4 octets follow that do not belong to it.'] });
    expect(key.code).toBe(2);
    expect(key.stdout).toContain('A private key is no message');
    expect(nothing.code).toBe(2);
    expect(nothing.stdout).toContain('Neither ASN.1 nor text that stands for it.');
    expect(JSON.parse(page.stdout)).toMatchObject({ known: false });
    expect(log.code).toBe(0);
    expect(log.stdout).toContain('CA identifier   ca');
  });

  test('without the data directory: by --no-data, or because there is none; none is made', async () => {
    const bytes = await message({ digest: 'sha1', challenge: 'C0FFEE00C0FFEE00' });
    const closed = await judged(bytes, '--no-data');
    expect(closed).toMatchObject({
      code: 1,
      wrong: ['The digest SHA-1 is weak; SHA-256 is expected.'],
      notes: [
        'What is inside was not looked at: that needs the RA key (a data directory, or --key).',
      ],
    });
    const elsewhere = mkdtempSync(join(gateway.directory, 'elsewhere-'));
    const run = await runCommand(['inspect'], {
      cwd: elsewhere,
      input: toPem('CERTIFICATE', ca.der),
    });
    expect(run.code).toBe(0);
    expect(run.stderr).toMatch(/^\(there is no gateway in .*data\)\n$/);
    expect(readdirSync(elsewhere)).toEqual([]);
    const unknown = await inspect(bytes, '--profile', 'nowhere');
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown.stderr).toContain('There is no profile nowhere.\n  → Profiles: default, manual');
  });
});
