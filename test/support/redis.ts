/** A throwaway redis-server of the Debian package: its own directory, a Unix socket, and a port where a test needs TCP. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { createClient } from '@redis/client';
import type { RedisConnection } from '../../src/store/index.js';
import { describeWithPrograms } from '../interop/programs.js';
import { freePort } from './free-port.js';

/** A `describe` that needs redis-server: skipped loudly without it, failing on a build server. */
export function describeWithRedis(title: string, suite: () => void): void {
  jest.setTimeout(120_000);
  describeWithPrograms(title, ['redis-server'], suite);
}

/** After the server came back: attempts at a connection have pauses between them. */
export async function untilReached(attempt: () => Promise<unknown>): Promise<void> {
  const end = performance.now() + 60_000;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

export interface RedisOptions {
  /** Lines of its configuration; `{port}` and `{directory}` are filled in. TCP where one has `{port}`. */
  readonly settings?: readonly string[];
  /** Files of its directory. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
}

export interface RedisServer {
  readonly directory: string;
  /** Undefined without TCP. */
  readonly port: number | undefined;
  /** Through the Unix socket. */
  readonly connection: (changes?: Partial<RedisConnection>) => RedisConnection;
  /** As the default user, through the Unix socket. */
  readonly command: (...words: readonly string[]) => Promise<unknown>;
  readonly start: () => Promise<void>;
  /** `SIGKILL` is what a crash leaves. */
  readonly stop: (signal?: 'SIGTERM' | 'SIGKILL') => Promise<void>;
  /** It holds its connections and answers nothing. */
  readonly pause: () => void;
  readonly resume: () => void;
  readonly remove: () => Promise<void>;
}

export async function startRedis({
  settings = [],
  files = {},
}: RedisOptions = {}): Promise<RedisServer> {
  const directory = mkdtempSync(join(tmpdir(), 'redis-'));
  const socket = join(directory, 'redis.sock');
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(directory, name), content);
  const wantsPort = settings.some((line) => line.includes('{port}'));
  let port: number | undefined;
  let server: ChildProcess | undefined;
  let log = '';

  const configure = () =>
    writeFileSync(
      join(directory, 'redis.conf'),
      [
        ...(wantsPort ? [] : ['port 0']),
        `dir ${directory}`,
        `unixsocket ${socket}`,
        'appendonly yes',
        'appendfsync always',
        ...settings.map((line) =>
          line.replaceAll('{port}', String(port)).replaceAll('{directory}', directory),
        ),
        '',
      ].join('\n'),
    );

  let client: ReturnType<typeof connected> | undefined;
  async function connected() {
    const made = createClient({ socket: { path: socket, tls: false, reconnectStrategy: false } });
    made.on('error', () => (client = undefined));
    try {
      return await made.connect();
    } catch (error) {
      client = undefined;
      throw error;
    }
  }
  const command: RedisServer['command'] = async (...words) =>
    (await (client ??= connected())).sendCommand(words);

  async function start(): Promise<void> {
    const child = spawn('redis-server', [join(directory, 'redis.conf')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    server = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => (log += text.toString()));
    for (;;) {
      if (child.exitCode !== null) throw new Error(`redis-server ended:\n${log}`);
      if (
        await command('PING').then(
          () => true,
          (error: unknown) => /NOAUTH|NOPERM/.test(String(error)),
        )
      )
        return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async function stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = server;
    server = undefined;
    (await client?.catch(() => undefined))?.destroy();
    client = undefined;
    if (!child || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  for (let attempt = 1; ; attempt++) {
    if (wantsPort) port = await freePort();
    configure();
    try {
      await start();
      break;
    } catch (error) {
      // Another may have taken the port meanwhile.
      if (!wantsPort || attempt === 5) throw error;
    }
  }
  return {
    directory,
    port,
    connection: (changes = {}) => ({
      host: socket,
      port: 6379,
      database: 0,
      user: undefined,
      password: () => Promise.resolve(''),
      tls: undefined,
      prefix: '{scep-gateway}:',
      connectTimeoutMs: 20_000,
      commandTimeoutMs: 20_000,
      ...changes,
    }),
    command,
    start,
    stop,
    pause: () => void server?.kill('SIGSTOP'),
    resume: () => void server?.kill('SIGCONT'),
    remove: async () => {
      await stop('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
