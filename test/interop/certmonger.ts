/** certmonger 0.79 as a private daemon: no D-Bus, own state, reached over a socket of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.js';
import { runProgram, type ProgramRun } from './programs.js';

export const scepSubmit = '/usr/lib/certmonger/scep-submit';
export const certmongerPrograms = ['/usr/sbin/certmonger', 'getcert', scepSubmit, 'openssl'];

const stateFolders = {
  CERTMONGER_REQUESTS_DIR: 'requests',
  CERTMONGER_CAS_DIR: 'cas',
  CERTMONGER_CONFIG_DIR: 'config',
  CERTMONGER_LOCAL_CA_DIR: 'local',
  CERTMONGER_TMPDIR: 'tmp',
};

export class Certmonger {
  readonly directory: string;
  readonly #daemon: ChildProcess;
  readonly #environment: Readonly<Record<string, string>>;

  private constructor(
    directory: string,
    daemon: ChildProcess,
    environment: Record<string, string>,
  ) {
    this.directory = directory;
    this.#daemon = daemon;
    this.#environment = environment;
  }

  static async start(): Promise<Certmonger> {
    const directory = mkdtempSync(join(tmpdir(), 'certmonger-'));
    const environment: Record<string, string> = {
      CERTMONGER_SYSTEM_LOCK_FILE: join(directory, 'lock'),
    };
    for (const [variable, folder] of Object.entries(stateFolders)) {
      mkdirSync(join(directory, folder));
      environment[variable] = join(directory, folder);
    }
    const socket = join(directory, 'socket');
    const daemon = spawn('/usr/sbin/certmonger', ['-n', '-L', '-P', socket], {
      env: { ...process.env, ...environment },
      stdio: 'ignore',
    });
    environment['CERTMONGER_PVT_ADDRESS'] = `unix:path=${socket}`;
    await eventually('certmonger to listen', () => {
      if (daemon.exitCode !== null) throw new Error(`certmonger ended with ${daemon.exitCode}`);
      return existsSync(socket) || undefined;
    });
    return new Certmonger(directory, daemon, environment);
  }

  getcert(...args: readonly string[]): Promise<ProgramRun> {
    return runProgram('getcert', args, { env: this.#environment });
  }

  /** Waits until `getcert list` says that a request is in one of these states; what it says of it. */
  async waitFor(id: string, ...states: readonly string[]): Promise<string> {
    return eventually(`${id} to be ${states.join(' or ')}`, async () => {
      const { stdout } = await this.getcert('list', '-i', id);
      return states.some((state) => stdout.includes(`status: ${state}\n`)) ? stdout : undefined;
    });
  }

  async stop(): Promise<void> {
    this.#daemon.kill('SIGTERM');
    if (this.#daemon.exitCode === null) await once(this.#daemon, 'exit');
    rmSync(this.directory, { recursive: true, force: true });
  }
}
