/** Servers under test, each a process of its own in a scratch directory. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';

export interface ServerUnderTest {
  readonly name: string;
  /** It is there to be compared with, in enrollments. */
  readonly isPeer: boolean;
  readonly url: string;
  readonly pid: number;
  /** One challenge for each enrollment, or none where the server needs none. */
  challenges(count: number): Promise<(string | undefined)[]>;
  stop(): Promise<void>;
}

const password = 'bench-administrator';

export async function startGateway(options: {
  readonly codec: 'fast' | 'pkijs';
  readonly keyBits: number;
  /** Folder for a V8 CPU profile of the gateway, written when it stops. */
  readonly profile: string | undefined;
}): Promise<ServerUnderTest> {
  const directory = mkdtempSync(join(tmpdir(), 'scep-gateway-bench-'));
  const port = await freePort();
  const config = join(directory, 'gateway.yaml');
  writeFileSync(
    config,
    JSON.stringify({
      codec: options.codec,
      log: { level: 'warn' },
      issuers: { local: { kind: 'local', keyBits: options.keyBits, raKeyBits: options.keyBits } },
      profiles: { default: { paths: ['/scep'], issuer: 'local', challenges: { max: 1_000_000 } } },
      accounts: [],
    }),
  );
  const profiling =
    options.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profile}`];
  const child = spawn(process.execPath, [...profiling, 'bin/scep-gateway.js', 'serve'], {
    env: {
      ...process.env,
      SCEP_GATEWAY_CONFIG: config,
      SCEP_GATEWAY_DATA_DIR: join(directory, 'data'),
      SCEP_GATEWAY_LISTEN: `127.0.0.1:${port}`,
      SCEP_GATEWAY_ADMIN_PASSWORD: password,
    },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  const base = `http://127.0.0.1:${port}`;
  await answering(`${base}/scep?operation=GetCACaps`, child);
  return {
    name: `scep-gateway (${options.codec})`,
    isPeer: false,
    url: `${base}/scep`,
    pid: child.pid!,
    challenges: (count) => fetchChallenges(base, count),
    stop: () => stop(child, directory),
  };
}

async function fetchChallenges(base: string, count: number): Promise<string[]> {
  const challenges: string[] = [];
  const one = async () => {
    const response = await fetch(`${base}/api/v1/challenges`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Authorization: `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`,
      },
      body: '{}',
    });
    if (response.status !== 201) throw new Error(`challenge: HTTP ${response.status}`);
    challenges.push(((await response.json()) as { challenge: string }).challenge);
  };
  await one();
  while (challenges.length < count) {
    await Promise.all(Array.from({ length: Math.min(32, count - challenges.length) }, one));
  }
  return challenges;
}

/** micromdm scepserver from Debian's package `scep`; undefined when it is not installed. */
export async function startScepserver(keyBits: number): Promise<ServerUnderTest | undefined> {
  if (spawnSync('scepserver', ['-help']).error) return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'scepserver-bench-'));
  const depot = join(directory, 'depot');
  const made = spawnSync('scepserver', [
    'ca',
    '-init',
    '-depot',
    depot,
    '-keySize',
    String(keyBits),
  ]);
  if (made.status !== 0) throw new Error(`scepserver ca -init: ${made.stderr.toString()}`);
  const port = await freePort();
  const child = spawn(
    'scepserver',
    ['-depot', depot, '-port', String(port), '-challenge', 'bench', '-allowrenew', '0'],
    { stdio: 'ignore' },
  );
  const url = `http://127.0.0.1:${port}/scep`;
  await answering(`${url}?operation=GetCACaps`, child);
  return {
    name: 'scepserver (Debian)',
    isPeer: true,
    url,
    pid: child.pid!,
    challenges: (count) => Promise.resolve(Array.from({ length: count }, () => 'bench')),
    stop: () => stop(child, directory),
  };
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    const ok = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  child.kill('SIGKILL');
  throw new Error(`no answer from ${url} within 30 s`);
}

async function stop(child: ChildProcess, directory: string): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(killer);
  rmSync(directory, { recursive: true, force: true });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
