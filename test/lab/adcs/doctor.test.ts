/**
 * `scep-gateway doctor` as a process, in front of a CA whose sign-ins are not ours: right settings have no fault,
 * each wrong one is the one finding. What the gateway keeps stays as it is. `npm run test:adcs` starts it.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { lstat, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { answerTo } from '../../adcs/ces/service.js';
import { FakeCa } from '../../adcs/certsrv/fake-ca.js';
import { certsrvPage } from '../../adcs/certsrv/pages.js';
import { remove, temporaryFolder } from '../../gateway/running.js';
import {
  cleanEnvironment,
  runCommand,
  startGatewayProcess,
} from '../../support/gateway-process.js';
import { describeInLab, labFile } from '../in-lab.js';

const password = 'Doctor-Passw0rd!';

/** Settings of an issuer, line by line. */
type Settings = Readonly<Record<string, string>>;

const passwords = (file: string) => `user: svc-doctor, domain: LAB, password: { file: ${file} }`;
const trusted = { tls: `{ ca: '${inLab('pki/ca.pem')}' }` };
const otherTrust = { tls: `{ ca: '${inLab('pki/other-ca.pem')}' }` };
const keytab = (file: string) =>
  `{ negotiate: { keytab: '${inLab(file)}', principal: svc-scep@LAB.TEST } }`;
const certificate = (account: string) =>
  `{ certificate: { certificate: '${inLab(`pki/${account}.pem`)}', key: '${inLab(`pki/${account}.key`)}' } }`;

const kerberosCes =
  'https://ca1.lab.test/certsrv-krb/doctor/LAB-CA1-CA_CES_Kerberos/service.svc/CES';
const certificateCes =
  'https://ca1.lab.test:7443/certsrv-certificate/doctor/LAB-CA1-CA_CES_Certificate/service.svc/CES';

interface Way {
  readonly right: Settings;
  /** Found beside what is good: no RA certificates of the CA, and certificates of the lab that end soon. */
  readonly warnings: readonly string[];
  /** What is set otherwise, and the one finding. */
  readonly wrong: readonly (readonly [string, Settings, string, RegExp])[];
}

const ways: readonly (readonly [string, Way])[] = [
  [
    'Web Enrollment, by NTLM under Extended Protection = Require',
    {
      right: {
        kind: 'adcs-webenroll',
        url: 'https://ca1.lab.test:8443/certsrv/doctor/',
        authentication: `{ ntlm: { ${passwords('password.txt')} } }`,
        ...trusted,
      },
      warnings: ['tls.expiry', 'ra.origin', 'ra.chain'],
      wrong: [
        [
          'the password of the account',
          { authentication: `{ ntlm: { ${passwords('wrong.txt')} } }` },
          'sign-in.used',
          /^The sign-in was refused/,
        ],
        ['the CA that is trusted', otherTrust, 'tls.chain', /is not trusted/],
        [
          'the CA that is meant',
          { caThumbprints: `['${'ab'.repeat(32)}']` },
          'ca.chain',
          /caThumbprints/,
        ],
        [
          'the folder of the pages',
          { url: 'https://ca1.lab.test:8443/certsrv/doctor/elsewhere/' },
          'ca.reachable',
          /HTTP 404/,
        ],
      ],
    },
  ],
  [
    'CES, by Kerberos',
    {
      right: {
        kind: 'adcs-ces',
        url: kerberosCes,
        authentication: keytab('svc-scep.keytab'),
        caCertificates: 'fake-ca.pem',
        ...trusted,
      },
      warnings: ['tls.expiry', 'ra.origin', 'ra.chain'],
      wrong: [
        [
          'the key of the account',
          { authentication: keytab('gateway.keytab') },
          'ca.reachable',
          /Kerberos/i,
        ],
        ['the CA that is trusted', otherTrust, 'tls.chain', /is not trusted/],
        [
          'the name of the CA in the URL',
          { url: kerberosCes.replace('LAB-CA1-CA', 'OTHER-CA') },
          'ca.reachable',
          /HTTP 404/,
        ],
        [
          'the way to sign in',
          {
            url: kerberosCes.replace('_CES_Kerberos', '_CES_Test'),
            authentication: `{ userNameToken: { user: 'LAB\\svc-doctor', password: { file: password.txt } } }`,
          },
          'sign-in.offered',
          /asks for a sign-in \(negotiate\)/,
        ],
      ],
    },
  ],
  [
    'CES, by client certificate',
    {
      right: {
        kind: 'adcs-ces',
        url: certificateCes,
        authentication: certificate('svc-scep'),
        caCertificates: 'fake-ca.pem',
        ...trusted,
      },
      warnings: ['tls.expiry', 'ra.origin', 'ra.chain'],
      wrong: [
        [
          'a certificate that the server does not trust',
          { authentication: certificate('stranger') },
          'http.answer',
          /does not answer/,
        ],
        ['the CA that is trusted', otherTrust, 'tls.chain', /is not trusted/],
      ],
    },
  ],
  [
    'RPC, by NTLM through the endpoint mapper',
    {
      right: {
        kind: 'adcs-rpc',
        host: 'ca1.lab.test',
        caName: 'LAB-CA1-CA',
        authentication: `{ ntlm: { ${passwords('password.txt')} } }`,
        caCertificates: `'${inLab('pki/ca.pem')}'`,
      },
      warnings: ['ca.expiry', 'ra.origin', 'ra.chain'],
      wrong: [
        ['the name of the CA', { caName: 'OTHER-CA' }, 'ca.reachable', /name of the CA/],
        [
          'the password of the account',
          { authentication: `{ ntlm: { ${passwords('wrong.txt')} } }` },
          'ca.reachable',
          /user name, password/,
        ],
        [
          'the host',
          { host: 'dc1.lab.test' },
          'rpc.mapper',
          /does not say where the CA service is/,
        ],
        [
          'the certificate of another CA',
          {
            caCertificates: `'${inLab('pki/other-ca.pem')}'`,
            caThumbprints: `['${'ab'.repeat(32)}']`,
          },
          'ca.chain',
          /caThumbprints/,
        ],
      ],
    },
  ],
];

/** A path where there is a lab; the tests that need it are skipped elsewhere. */
function inLab(name: string): string {
  return process.env['LAB'] === undefined ? name : labFile(name);
}

const findings = z.array(
  z.object({
    id: z.string(),
    result: z.enum(['ok', 'info', 'warning', 'failed', 'skipped']),
    text: z.string(),
    next: z.string().optional(),
  }),
);
type Finding = z.infer<typeof findings>[number];

describeInLab('doctor', () => {
  let ca: FakeCa;
  let server: Server;
  let folder: string;

  beforeAll(async () => {
    ca = await FakeCa.create();
    server = createServer((request, response) => {
      void buffer(request).then(async (body) => {
        const target = (request.url ?? '').replace('/doctor/', '/');
        const user = String(request.headers['x-remote-user']);
        const { status, type, content } = await answerOf(ca, {
          method: request.method ?? '',
          target,
          body,
          user,
          userAgent: request.headers['user-agent'] ?? '',
        });
        response.writeHead(status, { 'content-type': type }).end(content);
      });
    });
    await new Promise<void>((resolve) => server.listen(8097, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  function configuration(settings: Settings): string {
    const lines = Object.entries(settings).map(([key, value]) => `    ${key}: ${value}`);
    return `
data: { passphrase: { file: passphrase.txt } }
issuers:
  corp:
${lines.join('\n')}
    template: Phones
    raCertificates: single
profiles:
  phones: { paths: [/scep], issuer: corp }
`;
  }

  /** @returns what was found, and the exit code */
  async function doctor(settings: Settings): Promise<[readonly Finding[], number | null]> {
    await writeFile(join(folder, 'gateway.yaml'), configuration(settings));
    const { code, stdout, stderr } = await runCommand(['doctor', '--json'], {
      cwd: folder,
      environment: {
        ...cleanEnvironment(),
        SCEP_GATEWAY_CONFIG: 'gateway.yaml',
        SCEP_GATEWAY_DATA_DIR: join(folder, 'data'),
      },
    });
    for (const secret of [password, 'a wrong password', 'a passphrase for tests']) {
      expect(stdout + stderr).not.toContain(secret);
    }
    return [findings.parse(JSON.parse(stdout)), code];
  }

  describe.each(ways)('%s', (_, { right, warnings, wrong }) => {
    let before: string;

    beforeAll(async () => {
      folder = await temporaryFolder();
      await writeFile(join(folder, 'password.txt'), password);
      await writeFile(join(folder, 'wrong.txt'), 'a wrong password');
      await writeFile(join(folder, 'passphrase.txt'), 'a passphrase for tests');
      await writeFile(join(folder, 'fake-ca.pem'), ca.certificate.toPem());
      const gateway = await startGatewayProcess({
        directory: folder,
        config: configuration(right),
      });
      await gateway.stop();
    }, 120_000);
    beforeEach(async () => {
      before = await fingerprint(join(folder, 'data'));
    });
    afterAll(() => remove(folder));

    async function expectUntouched(): Promise<void> {
      expect(await fingerprint(join(folder, 'data'))).toBe(before);
      // Nothing that could issue a certificate was asked for.
      expect(ca.requests).toEqual([]);
      expect(readFileSync(labFile('icpr/requests'), 'utf8')).not.toContain('svc-doctor');
    }

    test('everything right', async () => {
      const [found, code] = await doctor(right);
      expect(of(found, 'failed')).toEqual([]);
      expect(of(found, 'skipped')).toEqual([]);
      expect(of(found, 'warning')).toEqual(warnings);
      expect(of(found, 'ok')).toEqual(
        expect.arrayContaining(['ca.reachable', 'sign-in.used', 'ca.chain', 'data.keys']),
      );
      expect(code).toBe(5);
      await expectUntouched();
    });

    test.each(wrong)('wrong: %s', async (_what, settings, id, words) => {
      const [found, code] = await doctor({ ...right, ...settings });
      expect(of(found, 'failed')).toEqual([id]);
      const [finding] = found.filter(({ result }) => result === 'failed');
      expect(`${finding?.text} ${finding?.next}`).toMatch(words);
      expect(code).toBe(1);
      await expectUntouched();
    });
  });
});

function of(found: readonly Finding[], result: Finding['result']): string[] {
  return found.filter((finding) => finding.result === result).map(({ id }) => id);
}

interface Asked {
  readonly method: string;
  readonly target: string;
  readonly body: Buffer;
  readonly user: string;
  readonly userAgent: string;
}

/** Web Enrollment and CES of one server. */
async function answerOf(ca: FakeCa, asked: Asked) {
  const { method, target, body, user } = asked;
  if (!target.includes('_CES_')) {
    const { status, contentType, body: content } = await certsrvPage(ca, asked);
    return { status, type: contentType, content };
  }
  if (!target.includes('/LAB-CA1-CA_CES_'))
    return { status: 404, type: 'text/html', content: 'no' };
  if (method !== 'POST') return { status: 405, type: 'text/html', content: 'no' };
  const answer = await answerTo(ca, body.toString('utf8'), user);
  return {
    status: answer.status ?? 200,
    type: 'application/soap+xml',
    content: answer.body,
  };
}

/** Of names, modes, times and contents of all that is in a folder. */
async function fingerprint(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const names = (await readdir(folder, { recursive: true })).sort();
  expect(names.length).toBeGreaterThan(2);
  for (const name of names) {
    const { mode, mtimeMs, size } = await lstat(join(folder, name));
    hash.update(JSON.stringify([name, mode, mtimeMs, size]));
    const isFolder = (mode & 0o170000) === 0o040000;
    if (!isFolder) hash.update(await readFile(join(folder, name)));
  }
  return hash.digest('hex');
}
