/** SoftHSM tokens: directly, and behind p11-kit's server, which can be taken away and brought back. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Arena, loadFfi } from '../../src/ffi/index.js';
import { eventually } from './eventually.js';
import { mustRun } from './programs.js';

export const softHsmModule = '/usr/lib/softhsm/libsofthsm2.so';
export const remoteModule = '/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so';
export const softHsmPrograms = ['softhsm2-util', 'pkcs11-tool', softHsmModule];
export const remoteTokenPrograms = [...softHsmPrograms, 'p11-kit', remoteModule];

export const pin = '73913';
export const tokenLabel = 'gateway test';

export interface SoftHsm {
  /** `directories.tokendir`: moved away, the token is lost. */
  readonly tokens: string;
  readonly environment: { readonly SOFTHSM2_CONF: string };
  /** `pkcs11-tool` with login on this token. */
  readonly tool: (...args: readonly string[]) => Promise<string>;
  /** Another token in the same module. */
  readonly addToken: (label: string) => Promise<void>;
}

/** A new token in a directory of the test. */
export async function makeSoftHsm(directory: string): Promise<SoftHsm> {
  const tokens = join(directory, 'tokens');
  await mkdir(tokens);
  const environment = { SOFTHSM2_CONF: join(directory, 'softhsm2.conf') };
  await writeFile(
    environment.SOFTHSM2_CONF,
    `directories.tokendir = ${tokens}\nlog.level = ERROR\n`,
  );
  const addToken = async (label: string) => {
    const fresh = [
      '--init-token',
      '--free',
      '--label',
      label,
      '--pin',
      pin,
      '--so-pin',
      '12345678',
    ];
    await mustRun('softhsm2-util', fresh, { env: environment });
  };
  await addToken(tokenLabel);
  const login = ['--module', softHsmModule, '--token-label', tokenLabel, '--login', '--pin', pin];
  return {
    tokens,
    environment,
    tool: (...args) => mustRun('pkcs11-tool', [...login, ...args], { env: environment }),
    addToken,
  };
}

/** What native libraries in this process see: jest's `process.env` is a copy that they do not. */
export async function setEnvironment(variables: Readonly<Record<string, string>>): Promise<void> {
  const ffi = await loadFfi({
    file: 'libc.so.6',
    code: 'internal',
    subject: 'The test',
    mends: { notLoaded: '-', tooOld: '-' },
  });
  const setenv = ffi.nativeFunction('setenv', ['p', 'p', 'i']);
  for (const [name, value] of Object.entries(variables)) {
    const arena = new Arena(ffi);
    setenv.now(arena.text(name), arena.text(value), 1);
    arena.free();
  }
}

export interface RemoteToken {
  /** For whoever loads `remoteModule`. */
  readonly environment: { readonly P11_KIT_SERVER_ADDRESS: string };
  start(): Promise<void>;
  /** At once, with its connections. */
  kill(): Promise<void>;
}

/** The token behind a server on a Unix socket; not started yet. */
export function remoteToken(hsm: SoftHsm, directory: string): RemoteToken {
  const socket = join(directory, 'p11');
  let server: ChildProcess | undefined;
  const kill = async () => {
    const running = server;
    server = undefined;
    if (running?.pid === undefined || running.exitCode !== null) return;
    const gone = once(running, 'exit');
    // The server forks a process for each connection: the whole group goes.
    process.kill(-running.pid, 'SIGKILL');
    await gone;
    await rm(socket, { force: true });
  };
  return {
    environment: { P11_KIT_SERVER_ADDRESS: `unix:path=${socket}` },
    kill,
    async start() {
      const token = `pkcs11:token=${encodeURIComponent(tokenLabel)}`;
      server = spawn(
        'p11-kit',
        ['server', '--foreground', '--provider', softHsmModule, '--name', socket, token],
        {
          env: { ...process.env, ...hsm.environment, XDG_RUNTIME_DIR: directory },
          stdio: 'ignore',
          detached: true,
        },
      );
      await eventually('the server of the token', () => existsSync(socket) || undefined);
    },
  };
}
