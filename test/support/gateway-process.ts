/**
 * The built gateway and its command line as processes of their own: for tests that start, stop and kill it.
 * Each has its own directory and its own port, so test files run side by side.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const program = resolve('bin/scep-gateway.js');

export interface GatewayProcessOptions {
  /** Text of a gateway.yaml; without it the defaults hold. */
  readonly config?: string;
  /** An earlier gateway's directory, to start on what it left; default: a new one. */
  readonly directory?: string;
  /** Default: any that is free. */
  readonly port?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface GatewayProcess {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  readonly port: number;
  readonly child: ChildProcess;
  /** For files of the test; the data directory and the configuration are in it. */
  readonly directory: string;
  readonly dataDirectory: string;
  /** Of commands that work beside this gateway. */
  readonly environment: NodeJS.ProcessEnv;
  readonly administratorPassword: string;
  /** What it wrote so far: log lines, and the panel. */
  output(): { readonly stdout: string; readonly stderr: string };
  /** Runs `scep-gateway …` on the same data directory, with `directory` as working directory. */
  run(args: readonly string[], options?: Pick<CommandOptions, 'input'>): Promise<CommandRun>;
  /** A one-time challenge from the API. */
  challenge(order?: ChallengeOrder): Promise<string>;
  /** Ends it; the directory stays. Resolves to the exit code, null after a signal. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** Ends it and removes the directory. */
  dispose(): Promise<void>;
}

interface ChallengeOrder {
  readonly profile?: string;
  readonly subject?: string;
}

/** Resolves when the gateway answers. @throws Error with its output when it ends instead */
export async function startGatewayProcess(
  options: GatewayProcessOptions = {},
): Promise<GatewayProcess> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'gateway-process-'));
  const administratorPassword = 'a-password-for-tests';
  const dataDirectory = join(directory, 'data');
  const file = join(directory, 'gateway.yaml');
  if (options.config !== undefined) writeFileSync(file, options.config);
  const environment: NodeJS.ProcessEnv = {
    ...cleanEnvironment(),
    SCEP_GATEWAY_DATA_DIR: dataDirectory,
    ...(existsSync(file) && { SCEP_GATEWAY_CONFIG: file }),
    ...options.environment,
  };
  const child = spawn(process.execPath, [builtProgram(), 'serve'], {
    cwd: directory,
    env: {
      ...environment,
      SCEP_GATEWAY_LISTEN: `127.0.0.1:${options.port ?? 0}`,
      SCEP_GATEWAY_ADMIN_PASSWORD: administratorPassword,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collectOutput(child);
  const url = await listening(child, output);
  const run: GatewayProcess['run'] = (args, runOptions) =>
    runCommand(args, { environment, cwd: directory, ...runOptions });
  const stop: GatewayProcess['stop'] = async (signal = 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await once(child, 'exit');
    }
    return child.exitCode;
  };
  return {
    url,
    port: Number(new URL(url).port),
    child,
    directory,
    dataDirectory,
    environment,
    administratorPassword,
    output,
    run,
    challenge: (order = {}) => newChallenge(url, administratorPassword, order),
    stop,
    dispose: async () => {
      await stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function newChallenge(url: string, password: string, order: ChallengeOrder): Promise<string> {
  const response = await fetch(`${url}/api/v1/challenges`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(order),
  });
  if (!response.ok) throw new Error(await response.text());
  const { challenge } = (await response.json()) as { readonly challenge: string };
  return challenge;
}

export interface CommandOptions {
  readonly environment?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Piped in; without it standard input is empty. */
  readonly input?: Buffer | string;
}

export interface CommandRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command line to its end. */
export async function runCommand(
  args: readonly string[],
  { environment = cleanEnvironment(), cwd, input = '' }: CommandOptions = {},
): Promise<CommandRun> {
  const child = spawn(process.execPath, [builtProgram(), ...args], {
    env: environment,
    cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output = collectOutput(child);
  // A command that does not read its input closes the pipe.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  await once(child, 'close');
  return { code: child.exitCode, ...output() };
}

/** Nothing of the gateway's own that the shell of whoever runs the tests may hold. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !name.startsWith('SCEP_GATEWAY_') && !name.startsWith('npm_'),
    ),
  );
}

function builtProgram(): string {
  if (existsSync(resolve('dist/cli/main.js'))) return program;
  throw new Error('There is no dist: run `npm run build` first.');
}

function collectOutput(child: ChildProcess): GatewayProcess['output'] {
  const parts: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
  child.stdout?.on('data', (data: Buffer) => parts.stdout.push(data));
  child.stderr?.on('data', (data: Buffer) => parts.stderr.push(data));
  return () => ({
    stdout: Buffer.concat(parts.stdout).toString('utf8'),
    stderr: Buffer.concat(parts.stderr).toString('utf8'),
  });
}

/** The address stands in the log; the panel, written last, says that it answers. */
async function listening(child: ChildProcess, output: GatewayProcess['output']): Promise<string> {
  for (;;) {
    const { stdout, stderr } = output();
    const [, url] = /"listening".*?"url":"([^"]+)"/.exec(stdout) ?? [];
    if (url !== undefined && stderr.includes('Next: ')) return url;
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`The gateway did not start:\n${stderr}${stdout}`);
    }
    await Promise.race([
      once(child.stderr ?? child, 'data'),
      once(child.stdout ?? child, 'data'),
      once(child, 'exit'),
    ]);
  }
}
