/** `scep-gateway doctor` as a process: exit codes, output, beside a running gateway. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import {
  cleanEnvironment,
  runCommand,
  startGatewayProcess,
  type CommandRun,
} from '../support/gateway-process.js';

jest.setTimeout(120_000);

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'doctor-'));
  writeFileSync(join(directory, 'passphrase.txt'), 'a passphrase for tests');
});
afterAll(() => rmSync(directory, { recursive: true }));

const findings = z.array(
  z.strictObject({
    id: z.string().regex(/^[a-z-]+\.[a-z-]+$/),
    about: z.string().min(1),
    result: z.enum(['ok', 'info', 'warning', 'failed', 'skipped']),
    text: z.string().regex(/[.]$/),
    next: z.string().min(1).optional(),
    because: z.string().optional(),
  }),
);

function doctor(args: readonly string[], config?: string): Promise<CommandRun> {
  if (config !== undefined) writeFileSync(join(directory, 'gateway.yaml'), config);
  return runCommand(['doctor', ...args], {
    cwd: directory,
    environment: {
      ...cleanEnvironment(),
      SCEP_GATEWAY_DATA_DIR: join(directory, 'data'),
      ...(config !== undefined && { SCEP_GATEWAY_CONFIG: 'gateway.yaml' }),
    },
  });
}

const quiet = 'data: { passphrase: { file: passphrase.txt } }\n';

describe('exit codes', () => {
  test('0: nothing to say', async () => {
    const { code, stdout, stderr } = await doctor([], quiet);
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('  ok      config.valid'),
    });
    expect(stderr).toBe('1 ok, 0 warnings, 0 failed, 0 skipped\n');
  });

  test('5: a warning', async () => {
    const { code, stdout } = await doctor(['--json']);
    expect(code).toBe(5);
    const list = findings.parse(JSON.parse(stdout));
    expect(list.find(({ result }) => result === 'warning')).toMatchObject({
      id: 'config.warning',
      about: 'configuration',
    });
  });

  test('1: something failed, and what stands on it is skipped', async () => {
    writeFileSync(join(directory, 'password.txt'), 'a secret password');
    const { code, stdout, stderr } = await doctor(
      ['--json'],
      `${quiet}
issuers:
  corp:
    kind: adcs-webenroll
    url: https://127.0.0.1:1/certsrv/
    authentication: { ntlm: { user: svc, password: { file: password.txt } } }
profiles: { default: { paths: [/scep], issuer: corp } }
`,
    );
    expect(code).toBe(1);
    expect(stderr).toBe('');
    const list = findings.parse(JSON.parse(stdout));
    expect(list.find(({ id }) => id === 'network.port')).toMatchObject({
      about: 'issuer corp',
      result: 'failed',
      next: expect.any(String),
    });
    expect(list.find(({ id }) => id === 'ca.reachable')).toMatchObject({
      result: 'skipped',
      because: 'tls.chain',
    });
    expect(stdout).not.toContain('a secret password');
  });

  test('3: the configuration is not valid, with the line', async () => {
    const { code, stdout } = await doctor([], `${quiet}profils: {}\n`);
    expect(code).toBe(3);
    expect(stdout).toMatch(/FAILED {2}config\.valid +profils \(line 2\)/);
    expect(stdout).toContain('skipped ca.reachable');
  });

  test('2: an issuer or a profile that is not there', async () => {
    const issuer = await doctor(['--issuer', 'nobody'], quiet);
    expect(issuer).toMatchObject({ code: 2, stdout: '' });
    expect(issuer.stderr).toContain('There is no issuer nobody.');
    expect((await doctor(['--profile', 'nobody'], quiet)).code).toBe(2);
  });
});

test('--explain', async () => {
  const known = await doctor(['--explain', 'Submit failed 0x80094800']);
  expect(known).toMatchObject({ code: 0, stderr: '' });
  expect(known.stdout).toContain('the CA does not offer the certificate template.');
  const json = await doctor(['--json', '--explain', '403.16']);
  expect(JSON.parse(json.stdout)).toMatchObject({ id: 'client-certificate-untrusted' });
  expect(await doctor(['--explain', 'nonsense'])).toMatchObject({ code: 1, stdout: '' });
});

test('--help has examples and says what the codes mean', async () => {
  const { stdout, code } = await doctor(['--help']);
  expect(code).toBe(0);
  expect(stdout).toContain('Examples:');
  expect(stdout).toContain('Exit codes:');
});

test('beside a running gateway: keys, CA and RA are looked at, no record is changed', async () => {
  const gateway = await startGatewayProcess();
  try {
    await gateway.challenge();
    const database = join(gateway.dataDirectory, 'gateway.db');
    const before = {
      files: readdirSync(gateway.dataDirectory),
      wal: statSync(`${database}-wal`).size,
    };
    const content = readFileSync(database);
    const { code, stdout } = await gateway.run(['doctor', '--json']);
    const list = findings.parse(JSON.parse(stdout));
    expect(list.filter(({ result }) => result === 'failed')).toEqual([]);
    expect(code).toBe(5);
    const results = (id: string) => list.filter((one) => one.id === id).map(({ result }) => result);
    expect(results('data.keys')).toEqual(['ok']);
    expect(results('ra.expiry')).toEqual(['ok', 'ok']);
    expect(results('ca.signature')).toEqual(['ok']);
    expect(readFileSync(database).equals(content)).toBe(true);
    expect(statSync(`${database}-wal`).size).toBe(before.wal);
    expect(readdirSync(gateway.dataDirectory)).toEqual(before.files);
  } finally {
    await gateway.dispose();
  }
});

test('a data directory whose passphrase is lost', async () => {
  const gateway = await startGatewayProcess();
  try {
    await gateway.stop();
    rmSync(join(gateway.dataDirectory, 'passphrase'));
    const { code, stdout } = await gateway.run(['doctor']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/FAILED {2}data\.directory +The passphrase in .* is missing\./);
    expect(readdirSync(gateway.dataDirectory)).not.toContain('passphrase');
  } finally {
    await gateway.dispose();
  }
});
