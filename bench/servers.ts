/** Servers under test, each a process of its own in a scratch directory. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { freePort } from '../test/support/free-port.js';
import { Connection } from './connection.js';
import { prepareChallengeOrder } from './prepared-request.js';
import { ProcessCpu } from './process-cpu.js';

export interface ServerUnderTest {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  readonly cpu: ProcessCpu;
  /** One challenge for each enrollment, or none where the server needs none. */
  challenges(count: number): Promise<(string | undefined)[]>;
  stop(): Promise<void>;
}

const password = 'bench-administrator';
/** Of the administrator of every gateway here. */
export const authorization = `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`;

export interface GatewayOptions {
  readonly keyBits: number;
  readonly codec?: 'fast' | 'pkijs';
  /** Folder for a V8 CPU profile of the gateway, written when it stops. */
  readonly profile?: string | undefined;
  /** Folder of another checkout, built: its gateway is measured. */
  readonly checkout?: string;
  /** PKCS #11 module with a token `scep-gateway` whose PIN is in TOKEN_PIN: CA and RA keys lie there. */
  readonly tokenModule?: string | undefined;
  /** Data directory that stands already, and stays. Default: a fresh one. */
  readonly data?: string;
  /** Issuers and profiles besides; an issuer `local` takes the place of ours. */
  readonly beside?: { readonly issuers: object; readonly profiles: object };
  /** Takes one message from an address, and no more. */
  readonly turnsAway?: boolean;
  /** The core it has; without: all there are. */
  readonly core?: number | undefined;
}

export async function startGateway(options: GatewayOptions): Promise<ServerUnderTest> {
  const {
    codec = 'fast',
    keyBits,
    profile,
    checkout = '.',
    tokenModule: module,
    turnsAway = false,
    beside: { issuers, profiles } = { issuers: {}, profiles: {} },
  } = options;
  const pin = { env: 'TOKEN_PIN' };
  const places = module === undefined ? {} : { keyToken: 'hsm', raKeyToken: 'hsm' };
  const directory = mkdtempSync(join(tmpdir(), 'scep-gateway-bench-'));
  const port = await freePort();
  const config = join(directory, 'gateway.yaml');
  writeFileSync(
    config,
    JSON.stringify({
      codec,
      log: { level: 'warn' },
      ...(module !== undefined && { tokens: { hsm: { module, label: 'scep-gateway', pin } } }),
      issuers: { local: { kind: 'local', keyBits, raKeyBits: keyBits, ...places }, ...issuers },
      profiles: {
        default: { paths: ['/scep'], issuer: 'local', challenges: { max: 1_000_000 } },
        ...profiles,
      },
      accounts: [],
      // All of it comes from one address and one account.
      access: {
        rateLimits: {
          operations: turnsAway ? { count: 1, seconds: 86_400 } : unlimited,
          challenges: unlimited,
          refusedChallenges: unlimited,
          brokenMessages: unlimited,
        },
      },
    }),
  );
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const program = join(checkout, 'bin/scep-gateway.js');
  const pinned = options.core === undefined ? [] : ['taskset', '-c', String(options.core)];
  const [command, ...words] = [...pinned, process.execPath, ...profiling, program, 'serve'];
  const child = spawn(command, words, {
    env: {
      ...process.env,
      SCEP_GATEWAY_CONFIG: config,
      SCEP_GATEWAY_DATA_DIR: options.data ?? join(directory, 'data'),
      SCEP_GATEWAY_LISTEN: `127.0.0.1:${port}`,
      SCEP_GATEWAY_ADMIN_PASSWORD: password,
    },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  const base = `http://127.0.0.1:${port}`;
  await answering(`${base}/scep?operation=GetCACaps`, child);
  return {
    name: module === undefined ? (checkout === '.' ? 'scep-gateway' : checkout) : 'keys in a token',
    url: `${base}/scep`,
    port,
    cpu: new ProcessCpu(child.pid!, options.core),
    challenges: (count) => fetchChallenges(port, count),
    stop: () => stop(child, directory),
  };
}

const unlimited = { count: 100_000_000, seconds: 60 };

async function fetchChallenges(port: number, count: number): Promise<string[]> {
  const { octets } = prepareChallengeOrder(authorization);
  const challenges: string[] = [];
  const fetchSome = async () => {
    const connection = new Connection(port);
    while (challenges.length < count) {
      const { status, body } = await connection.send(octets);
      if (status !== 201) throw new Error(`challenge: HTTP ${status}`);
      const { challenge } = JSON.parse(body.toString()) as { readonly challenge: string };
      challenges.push(challenge);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: 32 }, fetchSome));
  return challenges.slice(0, count);
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
    name: 'scepserver',
    url,
    port,
    cpu: new ProcessCpu(child.pid!),
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
