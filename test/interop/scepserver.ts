/** scepserver 2.1.0 of Debian's `scep` package: a SCEP server that is not ours. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { freePort } from '../support/free-port.js';
import { eventually } from './eventually.js';
import { mustRun } from './programs.js';

/** The challenge that it wants of everybody. */
export const scepserverChallenge = 'Fixed-Secret';

export class ScepServerProcess {
  readonly directory: string;
  readonly url: string;
  /** PEM file of its CA. */
  readonly ca: string;
  /** SHA-256 of that. */
  readonly fingerprint: string;
  readonly #port: number;
  #process: ChildProcess | undefined;

  private constructor(directory: string, port: number) {
    this.directory = directory;
    this.#port = port;
    this.url = `http://127.0.0.1:${port}/scep`;
    this.ca = join(directory, 'depot', 'ca.pem');
    this.fingerprint = '';
  }

  static async start(): Promise<ScepServerProcess> {
    const directory = mkdtempSync(join(tmpdir(), 'scepserver-'));
    await mustRun('scepserver', ['ca', '-init', '-depot', join(directory, 'depot')]);
    const server = new ScepServerProcess(directory, await freePort());
    await server.run();
    const answer = await fetch(`${server.url}?operation=GetCACert`);
    const ca = new X509Certificate(Buffer.from(await answer.arrayBuffer()));
    writeFileSync(server.ca, ca.toString());
    return Object.assign(server, { fingerprint: ca.fingerprint256 });
  }

  /** On the port it had. */
  async run(): Promise<void> {
    const options = ['-port', String(this.#port), '-challenge', scepserverChallenge];
    this.#process = spawn(
      'scepserver',
      ['-depot', join(this.directory, 'depot'), '-allowrenew', '0', ...options],
      { stdio: 'ignore' },
    );
    await eventually('scepserver to listen', async () =>
      fetch(`${this.url}?operation=GetCACaps`).then(
        () => true,
        () => undefined,
      ),
    );
  }

  /** Signs a PKCS#10 with the key of its CA, past its door: as an administrator of a CA would. */
  async sign(csr: string, extensions: string): Promise<string> {
    const [request, config, file] = ['csr', 'cnf', 'pem'].map((end) =>
      join(this.directory, `ra.${end}`),
    ) as [string, string, string];
    writeFileSync(request, csr);
    writeFileSync(config, extensions);
    const key = ['-CAkey', join(this.directory, 'depot', 'ca.key'), '-passin', 'pass:'];
    const serial = ['-set_serial', String(Date.now())];
    const ca = ['-CA', this.ca, ...key, ...serial, '-days', '30', '-extfile', config];
    await mustRun('openssl', ['x509', '-req', '-in', request, ...ca, '-out', file]);
    return file;
  }

  async kill(): Promise<void> {
    const running = this.#process;
    if (running?.exitCode !== null || running.signalCode !== null) return;
    running.kill('SIGKILL');
    await once(running, 'exit');
  }

  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
