import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  cleanEnvironment,
  runCommand,
  startGatewayProcess,
  type CommandRun,
  type GatewayProcess,
} from '../support/gateway-process.js';

jest.setTimeout(180_000);

let gateway: GatewayProcess;
let serial: string;

beforeAll(async () => {
  gateway = await startGatewayProcess({ environment: { npm_execpath: '/usr/bin/npm-cli.js' } });
  const enrolled = await gateway.run([
    ...['enroll', '--url', `${gateway.url}/scep`, '--subject', 'CN=device-1,O=Example', '--json'],
    ...['--key-type', 'ec:P-256', '--challenge', await gateway.challenge()],
  ]);
  ({ serial } = JSON.parse(enrolled.stdout) as { serial: string });
});
afterAll(() => gateway.dispose());

/** Runs them side by side: each is a process. */
function all(...commands: readonly (readonly string[])[]): Promise<CommandRun[]> {
  return Promise.all(commands.map((args) => gateway.run(args)));
}

describe('the program', () => {
  test('version, help and mistakes', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    const [told, help, typo, option, half, nested] = await all(
      ['--version'],
      ['--help'],
      ['enrol'],
      ['challenge', 'new', '--bad'],
      ['challenge'],
      ['enroll', '--help'],
    );
    expect(told).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help?.stdout).toContain('\nExamples:\n  scep-gateway serve ');
    expect(help?.stdout).toContain('4   not now: unreachable, overloaded, or still pending');
    expect(typo).toMatchObject({ code: 2, stdout: '' });
    expect(typo?.stderr).toContain("unknown command 'enrol'\n(Did you mean enroll?)");
    expect(option).toMatchObject({ code: 2, stdout: '' });
    expect(option?.stderr).toContain("unknown option '--bad'");
    expect(half).toMatchObject({ code: 2, stdout: '' });
    expect(nested?.stdout).toContain('Exit codes: 0 issued, 1 refused');
  });

  test('a reader that goes away is no fault', async () => {
    const child = spawn(process.execPath, [resolve('bin/scep-gateway.js'), 'certificate', 'list'], {
      env: gateway.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    const errors: Buffer[] = [];
    child.stderr.on('data', (data: Buffer) => errors.push(data));
    await once(child, 'close');
    expect(Buffer.concat(errors).toString()).toBe('');
    expect(child.exitCode).toBe(0);
  });

  test('a configuration that cannot be used stops every command', async () => {
    const file = join(gateway.directory, 'broken.yaml');
    writeFileSync(file, 'profles: {}\n');
    const run = await runCommand(['challenge', 'new'], {
      environment: { ...gateway.environment, SCEP_GATEWAY_CONFIG: file },
    });
    expect(run).toMatchObject({ code: 3, stdout: '' });
    expect(run.stderr).toContain('profles (line 1, column 1)');
  });
});

describe('serve', () => {
  test('the panel tells what to try next, as it can be typed here', () => {
    const { stderr } = gateway.output();
    expect(stderr).toContain(`SCEP (default)   ${gateway.url}/scep`);
    expect(stderr).toContain('Administrator    admin, password from SCEP_GATEWAY_ADMIN_PASSWORD');
    expect(stderr).toContain(
      `Next: npx scep-gateway enroll --url ${gateway.url}/scep --subject CN=device-1 ` +
        `--challenge "$(SCEP_GATEWAY_DATA_DIR='${gateway.dataDirectory}' npx scep-gateway challenge new)"`,
    );
    expect(stderr).not.toContain(gateway.administratorPassword);
  });

  test('SIGTERM ends it with 0; the next start has the same CA', async () => {
    const first = await startGatewayProcess();
    const thumbprint = /SHA-256 +([0-9A-F ]+)/.exec(first.output().stderr)?.[1];
    expect(first.output().stderr).toContain('Next: scep-gateway enroll ');
    expect(await first.stop()).toBe(0);
    const second = await startGatewayProcess({ directory: first.directory, port: first.port });
    expect(second.url).toBe(first.url);
    expect(/SHA-256 +([0-9A-F ]+)/.exec(second.output().stderr)?.[1]).toBe(thumbprint);
    await second.stop('SIGKILL');
    await second.dispose();
  });

  test('an address in use: 3', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'address-'));
    const run = await runCommand(['serve'], {
      environment: {
        ...gateway.environment,
        SCEP_GATEWAY_DATA_DIR: directory,
        SCEP_GATEWAY_LISTEN: `127.0.0.1:${gateway.port}`,
      },
    });
    rmSync(directory, { recursive: true });
    expect(run.code).toBe(3);
    expect(run.stderr).toContain(`cannot listen on 127.0.0.1:${gateway.port} (EADDRINUSE)`);
  });

  test('a data directory in use: 4', async () => {
    const run = await runCommand(['serve'], {
      environment: { ...gateway.environment, SCEP_GATEWAY_LISTEN: '127.0.0.1:0' },
    });
    expect(run.code).toBe(4);
    expect(run.stderr).toContain('Another gateway serves the data directory');
  });

  test('init makes everything once', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'init-'));
    const environment = { ...cleanEnvironment(), SCEP_GATEWAY_DATA_DIR: directory };
    const first = await runCommand(['init'], { environment });
    expect(first).toMatchObject({ code: 0, stdout: '' });
    expect(first.stderr).toMatch(/administrator admin: password \S{29} \(shown this once\)/);
    const second = await runCommand(['init'], { environment });
    expect(second).toMatchObject({ code: 0, stdout: '' });
    expect(second.stderr).toContain('administrator admin: password unchanged');
    const issuer = /issuer local: .*/;
    expect(issuer.exec(second.stderr)?.[0]).toBe(issuer.exec(first.stderr)?.[0]);
    rmSync(directory, { recursive: true });
  });
});

describe('beside a running gateway', () => {
  test('challenges: made, listed without their secrets, revoked', async () => {
    const made = await gateway.run(['challenge', 'new', '--subject', 'CN=x', '--json']);
    expect(made.code).toBe(0);
    const { id, challenge } = JSON.parse(made.stdout) as { id: string; challenge: string };
    expect(challenge).toMatch(/^[0-9A-F]{16}$/);
    const [list, revoked] = await all(['challenge', 'list'], ['challenge', 'revoke', id]);
    expect(list?.stdout).toMatch(
      new RegExp(`^${id} +admin .* 0/1 +profile=default subject=CN=x$`, 'm'),
    );
    expect(list?.stdout).not.toContain(challenge);
    expect(revoked).toEqual({ code: 0, stdout: '', stderr: `challenge ${id} is revoked\n` });
    const [again, unknown, binding] = await all(
      ['challenge', 'list', '--state', 'revoked', '--json'],
      ['challenge', 'new', '--profile', 'nowhere'],
      ['challenge', 'new', '--requester', 'nowhere'],
    );
    expect(JSON.parse(again?.stdout ?? '')).toMatchObject([{ id }]);
    expect(again?.stdout).not.toContain('digest');
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown?.stderr).toContain('There is no profile nowhere.\n  → Profiles: default');
    expect(binding?.code).toBe(2);
    expect((await gateway.run(['challenge', 'revoke', 'nothing'])).code).toBe(1);
  });

  test('certificates: listed, shown with their history, revoked once', async () => {
    const [list, show, pem, absent, state] = await all(
      ['certificate', 'list', 'device-1'],
      ['certificate', 'show', 'CN=device-1'],
      ['certificate', 'show', serial, '--pem'],
      ['certificate', 'show', 'CN=nobody'],
      ['certificate', 'list', '--state', 'fine'],
    );
    expect(list?.stdout).toMatch(
      new RegExp(`^${serial} +CN=device-1,O=Example +default .* valid$`, 'm'),
    );
    expect(show?.stdout).toMatch(
      /enrollment\.issued \(ok\): [0-9A-F]{64}; authorized by challenge; from 127\.0\.0\.1; reference /,
    );
    expect(pem?.stdout).toMatch(/^-----BEGIN CERTIFICATE-----\n/);
    expect(absent).toMatchObject({ code: 1, stdout: '' });
    expect(absent?.stderr).toContain('Nothing is on record about CN=nobody.');
    expect(state).toMatchObject({ code: 2, stdout: '' });

    const revoke = ['certificate', 'revoke', serial, '--reason', 'keyCompromise'];
    expect(await gateway.run(revoke)).toMatchObject({ code: 0 });
    const [twice, reason] = await all(revoke, [
      'certificate',
      'revoke',
      serial,
      '--reason',
      'mood',
    ]);
    expect(twice).toMatchObject({ code: 1, stdout: '' });
    expect(twice?.stderr).toContain('The certificate is revoked already.');
    expect(reason?.code).toBe(2);
    const crl = await gateway.run([
      'enroll',
      '--url',
      `${gateway.url}/scep`,
      '--get-crl',
      '--json',
    ]);
    expect(JSON.parse(crl.stdout)).toMatchObject({ revoked: [{ serial, reason: 1 }] });
  });

  test('pending, thumbprint', async () => {
    const [empty, nothing, prints, nowhere] = await all(
      ['pending', 'list', '--json'],
      ['pending', 'approve', 'abc'],
      ['thumbprint', '--json'],
      ['thumbprint', '--profile', 'nowhere'],
    );
    expect(empty).toEqual({ code: 0, stdout: '[]\n', stderr: '' });
    expect(nothing).toMatchObject({ code: 1, stdout: '' });
    const roles = (JSON.parse(prints?.stdout ?? '') as { role: string }[]).map(({ role }) => role);
    expect(roles).toEqual(['CA', 'RA', 'RA']);
    expect(nowhere).toMatchObject({ code: 2, stdout: '' });
  });

  test('accounts and tokens', async () => {
    const [hash, short, token, stranger] = await Promise.all([
      gateway.run(['account', 'hash'], { input: 'a long password\n' }),
      gateway.run(['account', 'hash'], { input: 'short' }),
      gateway.run(['token', 'new', '--days', '7']),
      gateway.run(['token', 'new', '--account', 'nobody']),
    ]);
    expect(hash.stdout).toMatch(/^scrypt\$\d+\$\d+\$\d+\$/);
    expect(short).toMatchObject({ code: 2, stdout: '' });
    expect(stranger).toMatchObject({ code: 2, stdout: '' });
    const secret = token.stdout.trim();
    const post = (authorization: string) =>
      fetch(`${gateway.url}/api/v1/challenges`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: '{}',
      });
    expect((await post(`Bearer ${secret}`)).status).toBe(201);
    const id = /token (\S+) for admin/.exec(token.stderr)?.[1] ?? '';
    const list = await gateway.run(['token', 'list']);
    expect(list.stdout).toContain(id);
    expect(list.stdout).not.toContain(secret);
    const narrow = await gateway.run(['token', 'new', '--role', 'read', '--profile', 'default']);
    expect(narrow.stderr).toMatch(/^token \S+ for admin: read \(default\), good until \S/);
    expect((await post(`Bearer ${narrow.stdout.trim()}`)).status).toBe(403);
    for (const odd of [
      ['--role', 'admin'],
      ['--profile', 'nowhere'],
    ]) {
      expect(await gateway.run(['token', 'new', ...odd])).toMatchObject({ code: 2, stdout: '' });
    }
    expect((await gateway.run(['token', 'revoke', id])).code).toBe(0);
    expect((await post(`Bearer ${secret}`)).status).toBe(401);
    expect((await gateway.run(['token', 'revoke', id])).code).toBe(1);

    const reset = await gateway.run(['account', 'reset-admin']);
    const basic = (password: string) =>
      `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`;
    expect((await post(basic(reset.stdout.trim()))).status).toBe(201);
    expect((await post(basic(gateway.administratorPassword))).status).toBe(401);
  });

  test('the next CA: prepared, asked for, discarded', async () => {
    const nothing = await gateway.run(['ca', 'rollover', 'activate']);
    expect(nothing).toMatchObject({ code: 1, stdout: '' });
    const prepared = await gateway.run(['ca', 'rollover', 'prepare']);
    expect(prepared.code).toBe(0);
    expect(prepared.stdout).toMatch(/^prepared {2}CN=SCEP Gateway CA G2, until /m);
    const next = async () =>
      gateway.run(['enroll', '--url', `${gateway.url}/scep`, '--get-next-ca', '--json']);
    let told = await next();
    while (told.code !== 0) told = await next();
    expect(told.stdout).toContain('"subject": "CN=SCEP Gateway CA G2"');
    const [discarded, issuer] = await all(
      ['ca', 'rollover', 'discard'],
      ['ca', 'rollover', 'status', '--issuer', 'nobody'],
    );
    expect(discarded?.stdout).toContain('prepared  none');
    expect(issuer).toMatchObject({ code: 2, stdout: '' });
  });
});
