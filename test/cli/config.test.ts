import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { parse } from 'yaml';
import { cleanEnvironment, runCommand, type CommandRun } from '../support/gateway-process.js';

jest.setTimeout(120_000);

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'config-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function config(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  input = '',
): Promise<CommandRun> {
  return runCommand(['config', ...args], {
    cwd: directory,
    environment: { ...cleanEnvironment(), ...environment },
    input,
  });
}

function write(name: string, text: string | Buffer): string {
  writeFileSync(join(directory, name), text);
  return name;
}

describe('config check', () => {
  test('a good file, its warnings, and the defaults', async () => {
    const file = write(
      'good.yaml',
      'profiles:\n  open:\n    challenges: { dynamic: false, none: anyone-may-enroll }\n',
    );
    const [text, json, defaults] = await Promise.all([
      config(['check', file]),
      config(['check', '--json'], { SCEP_GATEWAY_CONFIG: file }),
      config(['check']),
    ]);
    expect(text).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout).toContain(
      'warning: profiles.open.challenges.none: anyone who reaches the gateway gets a certificate',
    );
    expect(text.stdout).toMatch(/good\.yaml: valid, 1 profile, 1 issuer\n$/);
    expect(JSON.parse(json.stdout)).toMatchObject({
      valid: true,
      file: expect.stringMatching(/good\.yaml$/),
      warnings: [{ key: 'data.passphrase' }, { key: 'profiles.open.challenges.none' }],
    });
    expect(defaults.stdout).toMatch(/^the defaults: valid, 1 profile, 1 issuer$/m);
  });

  test('of when the address lists are, and which of them are old', async () => {
    write('office.txt', '# date: 2020-06-01\n192.0.2.0/24\n');
    write('new.txt', '192.0.2.7\n192.0.2.8\n');
    const file = write(
      'lists.yaml',
      'data: { passphrase: { env: HOME } }\naccess: { lists: { office: { file: office.txt }, new: { file: new.txt } } }\n',
    );
    const { code, stdout } = await config(['check', file]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^warning: access\.lists\.office: the list is of 2020-06-01, \d{4} days ago and more than 180: get the current one\nlist office: 1 entry of 2020-06-01, \d{4} days old\nlist new: 2 entries of \d{4}-\d\d-\d\d, 0 days old\n/,
    );
    const json = await config(['check', '--json', file]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      warnings: [{ key: 'access.lists.office' }],
      lists: [
        { name: 'office', entries: 1, date: '2020-06-01', maxAgeDays: 180, old: true },
        { name: 'new', entries: 2, ageDays: 0, old: false },
      ],
    });
  });

  test('all problems at once, with line and column; 3', async () => {
    const file = write('bad.yaml', 'listeners:\n  - adress: x\nlockout:\n  failures: many\n');
    const [text, json] = await Promise.all([
      config(['check', file]),
      config(['check', '--json', file]),
    ]);
    expect(text).toMatchObject({ code: 3, stderr: '' });
    expect(text.stdout).toMatch(/bad\.yaml: 3 problems\n/);
    expect(text.stdout).toContain('  listeners[0].adress (line 2, column 5)\n');
    expect(text.stdout).toContain('  lockout.failures (line 4, column 3)\n');
    expect(json.code).toBe(3);
    const told = JSON.parse(json.stdout) as { valid: boolean; problems: { key: string }[] };
    expect(told.valid).toBe(false);
    expect(told.problems.map(({ key }) => key)).toEqual([
      'listeners[0].address',
      'listeners[0].adress',
      'lockout.failures',
    ]);
    expect(told.problems[2]).toMatchObject({ position: { line: 4 } });
  });

  test('a secret that is not there; a file that is not there', async () => {
    const file = write('secret.yaml', 'data:\n  passphrase: { env: NOT_SET_ANYWHERE }\n');
    const [secret, absent] = await Promise.all([
      config(['check', '--json', file]),
      config(['check', 'absent.yaml']),
    ]);
    expect(secret.code).toBe(3);
    expect(JSON.parse(secret.stdout)).toMatchObject({
      valid: false,
      problems: [{ key: 'data.passphrase', problem: 'variable NOT_SET_ANYWHERE is not set' }],
    });
    expect(absent).toMatchObject({ code: 3, stdout: '' });
    expect(absent.stderr).toContain('The file absent.yaml cannot be read.');
  });
});

describe('config show', () => {
  test('defaults are filled in, secrets stay references, hashes are not shown', async () => {
    const file = write(
      'show.yaml',
      [
        'data: { passphrase: { env: KEYS } }',
        'accounts:',
        '  - name: mdm',
        `    passwordHash: scrypt$16384$8$1$${'A'.repeat(22)}$${'B'.repeat(43)}`,
        '  - name: ops',
        '    password: { env: OPS }',
      ].join('\n'),
    );
    const secrets = { KEYS: 'the passphrase itself', OPS: 'the password itself' };
    const [yaml, json] = await Promise.all([
      config(['show', file], secrets),
      config(['show', '--json', file], secrets),
    ]);
    expect(yaml.code).toBe(0);
    expect(yaml.stdout).not.toContain('itself');
    expect(yaml.stdout).not.toContain('BBBB');
    const shown: unknown = parse(yaml.stdout);
    expect(shown).toEqual(JSON.parse(json.stdout));
    expect(shown).toMatchObject({
      listeners: [{ address: '127.0.0.1:8080' }],
      data: { passphrase: { env: 'KEYS' } },
      accounts: [
        { name: 'mdm', passwordHash: 'scrypt$… (not shown)' },
        { name: 'ops', password: { env: 'OPS' } },
      ],
      profiles: { default: { paths: ['/scep', '/scep/default', '/certsrv/mscep/mscep.dll'] } },
    });
  });

  test('without defaults the file that is shown is one that starts', async () => {
    const shown = await config(['show']);
    const check = await config(['check', write('shown.yaml', shown.stdout)]);
    expect(check).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('config import-ndes', () => {
  const registry = [
    'Windows Registry Editor Version 5.00',
    '',
    '[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP]',
    '"SignatureTemplate"="Devices"',
    '[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\PasswordMax]',
    '"PasswordMax"=dword:00000064',
    '',
  ].join('\r\n');

  test('the file on standard output, notes on standard error; it is a valid one', async () => {
    const file = write('MSCEP.reg', Buffer.from(`\uFEFF${registry}`, 'utf16le'));
    const [named, piped] = await Promise.all([
      config(['import-ndes', file]),
      config(['import-ndes', '-'], {}, registry),
    ]);
    expect(named.code).toBe(0);
    expect(named.stderr).toContain('note: SignatureTemplate "Devices": templates belong to AD CS');
    expect(piped.stdout).toBe(named.stdout);
    expect(parse(named.stdout)).toMatchObject({
      profiles: { default: { challenges: { max: 100 } } },
    });
    const check = await config(['check', write('imported.yaml', named.stdout)]);
    expect(check).toMatchObject({ code: 0, stderr: '' });
  });

  test('another file is refused; 3', async () => {
    const run = await config(['import-ndes'], {}, 'not a registry');
    expect(run).toMatchObject({ code: 3, stdout: '' });
    expect(run.stderr).toContain('This is not an exported registry file');
  });
});
