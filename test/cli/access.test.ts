import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runExplain, runLists, runTest } from '../../src/cli/access/run.js';

const config = 'examples/jamf-cloud-app-proxy.yaml';
const marker = 'X-MS-Proxy: AzureAD-Application-Proxy';

let printed: string[];
let folder: string;
beforeEach(async () => {
  printed = [];
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, 'write').mockImplementation((text) => {
      printed.push(String(text));
      return true;
    });
  }
  folder = await mkdtemp(join(tmpdir(), 'access-cases-'));
});
afterEach(async () => {
  jest.restoreAllMocks();
  await rm(folder, { recursive: true });
});

describe('client certificates', () => {
  const example = 'examples/nginx-client-certificates.yaml';

  test('a forwarded one, step by step, to the account it signs in', async () => {
    const cases = 'examples/access/nginx-client-certificates.cases.yaml';
    expect(await runTest(cases, { config: example })).toBe(0);
    const [header = ''] = /X-SSL-Client-Cert: [^']+/.exec(readFileSync(cases, 'utf8')) ?? [];
    printed = [];
    const code = await runExplain({
      config: example,
      peer: '127.0.0.1',
      header: ['X-Forwarded-For: 203.0.113.7', header],
      path: '/api/v1/challenges',
    });
    expect(code).toBe(0);
    expect(printed.join('')).toBe(`listener  127.0.0.1:8080
route     api
steps     the peer 127.0.0.1 is a trusted proxy: 127.0.0.1
          x-forwarded-for names 203.0.113.7, the nearest that is no trusted proxy
          no list restricts this
          the peer 127.0.0.1 may forward certificates: 127.0.0.1
          x-ssl-client-cert holds the certificate
          trust list mdm: the certificate is O=Example,CN=connector, SHA-256 5FB38F725E8187F13C762127023D46DE558EA632DC5C9E9A92533209F7DC79D1
          it is pinned
          trust list mdm accepts it
          the certificate is that of mdm
client    203.0.113.7
account   mdm
verdict   allowed
`);
  });

  test('one that nobody may send names the key that says no', async () => {
    const code = await runExplain({
      config: example,
      peer: '192.0.2.66',
      header: ['Client-Cert: :AAAA:'],
      path: '/scep',
      json: true,
    });
    expect(code).toBe(1);
    expect(JSON.parse(printed.join(''))).toMatchObject({
      verdict: 'denied',
      rule: 'forwardedCertificate',
    });
    expect(printed.join('')).toContain(
      'the peer 192.0.2.66 is no trusted proxy and sends client-cert',
    );
  });

  test('one of the TLS handshake, from a file', async () => {
    await writeFile(
      join(folder, 'gateway.yaml'),
      `
listeners: [{ address: '127.0.0.1:1', tls: { certificate: a, key: b, clientCertificates: request } }]
access:
  trustLists:
    clients: { ca: [${resolve('fixtures/client-certificates/root.pem')}], revocation: off }
  certificates: { api: [clients] }
`,
    );
    const chain = ['client.pem', 'issuing.pem'].map((name) =>
      readFileSync(`fixtures/client-certificates/${name}`, 'utf8'),
    );
    await writeFile(join(folder, 'chain.pem'), chain.join(''));
    const asking = { config: join(folder, 'gateway.yaml'), peer: '192.0.2.7' };
    const flags = { ...asking, path: '/api/v1/challenges' };
    expect(await runExplain({ ...flags, clientCertificate: join(folder, 'chain.pem') })).toBe(0);
    expect(printed.join('')).toContain(
      'its path: O=Example,CN=connector ← O=Example,CN=Client Issuing CA ← O=Example,CN=Client Root',
    );
    printed = [];
    const leaf = 'fixtures/client-certificates/client.pem';
    expect(await runExplain({ ...flags, clientCertificate: leaf })).toBe(1);
    expect(printed.join('')).toContain('leads to no trusted CA by the certificates that came with');
    expect(await runExplain(flags)).toBe(1);
    await expect(
      runExplain({ config: example, peer: '192.0.2.7', path: '/scep', clientCertificate: leaf }),
    ).rejects.toMatchObject({ code: 'cli.usage' });
  });
});

describe('access explain', () => {
  test('shows each step of a denial', async () => {
    const code = await runExplain({
      config,
      peer: '10.20.0.11',
      header: ['X-Forwarded-For: 54.208.14.206, 203.0.113.7', marker],
      path: '/certsrv/mscep_admin/',
    });
    expect(code).toBe(1);
    expect(printed.join('')).toBe(
      `listener  0.0.0.0:8080
route     admin
steps     the peer 10.20.0.11 is a trusted proxy: 10.20.0.11
          the required header X-MS-Proxy is there
          x-forwarded-for names 203.0.113.7, the nearest that is no trusted proxy
          access.allow.admin does not hold 203.0.113.7: list jamf-cloud (10 entries of 2020-06-01), 10.30.0.0/24
client    203.0.113.7
verdict   denied
`,
    );
  });

  test('and of an admission, as JSON', async () => {
    const code = await runExplain({
      config,
      peer: '10.20.0.11',
      header: ['X-Forwarded-For: 54.208.14.206:443', marker],
      path: '/certsrv/mscep/mscep.dll',
      json: true,
    });
    expect(code).toBe(0);
    expect(JSON.parse(printed.join(''))).toMatchObject({
      verdict: 'allowed',
      client: '54.208.14.206',
      route: 'SCEP of profile default',
    });
  });

  test.each([
    [{ peer: 'nobody' }, 'The peer nobody is no IP address.'],
    [{ peer: '10.0.0.1', listener: '9' }, 'There is no listener 9.'],
    [{ peer: '10.0.0.1', header: ['no header'] }, '"no header" is no header.'],
  ])('%j is no question', async (flags, message) => {
    await expect(runExplain({ config, path: '/', ...flags })).rejects.toMatchObject({
      code: 'cli.usage',
      message,
    });
  });
});

describe('access test', () => {
  test.each([
    'aws-alb',
    'azure-front-door',
    'devices-anywhere-admin-restricted',
    'direct',
    'jamf-cloud-app-proxy',
    'jamf-webhook',
    'nginx',
  ])('the cases of %s hold', async (name) => {
    process.env['JAMF_PASSWORD'] = 'a password of jamf';
    const code = await runTest(`examples/access/${name}.cases.yaml`, {
      config: `examples/${name}.yaml`,
    });
    expect(printed.filter((line) => line.startsWith('FAIL'))).toEqual([]);
    expect(code).toBe(0);
  });

  test('what is not as expected is told, and ends with 1', async () => {
    const file = join(folder, 'cases.yaml');
    await writeFile(
      file,
      `cases:
  - { name: wrong verdict, peer: 10.30.0.7, expect: allow }
  - { name: wrong client, peer: 10.30.0.7, client: 10.30.0.8, expect: deny }
  - { name: right, peer: 10.30.0.7, expect: deny }
`,
    );
    expect(await runTest(file, { config })).toBe(1);
    const steps =
      '      the peer 10.30.0.7 is no trusted proxy: it is the client, whatever it says of others\n' +
      '      profiles.default.allow does not hold 10.30.0.7: list jamf-cloud (10 entries of 2020-06-01)\n';
    expect(printed.join('')).toBe(
      `FAIL  wrong verdict: denied, expected allowed\n${steps}` +
        `FAIL  wrong client: the client is 10.30.0.7, expected 10.30.0.8\n${steps}` +
        'ok    right\n1 as expected, 2 not\n',
    );
  });

  test.each([
    ['{}', 'cases'],
    ['cases: []', 'cases'],
    ['cases: [{ name: x, peer: 1.2.3.4, expect: maybe }]', 'cases.0.expect'],
    ['cases: [{ name: x, peer: 1.2.3.4, expect: deny, peeer: 1 }]', 'cases.0'],
    ['cases: [', 'cannot be used'],
  ])('%s is no file of cases', async (text, place) => {
    const file = join(folder, 'cases.yaml');
    await writeFile(file, text);
    await expect(runTest(file, { config })).rejects.toMatchObject({
      code: 'cli.usage',
      message: expect.stringContaining(place),
    });
  });
});

test('access lists shows of when they are, and which are old', async () => {
  await runLists({ config });
  expect(printed.join('')).toMatch(
    /^LIST {8}ENTRIES {2}DATE {8}AGE\njamf-cloud {2}10 {7}2020-06-01 {2}\d{4} d, old\n$/,
  );
  printed.length = 0;
  await runLists({ config, json: true });
  expect(JSON.parse(printed.join(''))).toMatchObject([
    { name: 'jamf-cloud', entries: 10, date: '2020-06-01', maxAgeDays: 180, old: true },
  ]);
});
