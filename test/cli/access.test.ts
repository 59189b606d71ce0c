import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

test('access lists shows of when they are', async () => {
  await runLists({ config });
  expect(printed.join('')).toBe('LIST        ENTRIES  DATE\njamf-cloud  10       2020-06-01\n');
});
