/** A start of the built gateway that shall fail. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { cleanEnvironment } from '../support/gateway-process.js';

export interface FailedStart {
  readonly code: number | null;
  /** Without the word that it takes a while; the directory is `<dir>`. */
  readonly stderr: string;
}

/** On `<directory>/data`. Ends it when it starts after all, or prints a stack: then it throws. */
export async function failingStart(
  directory: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<FailedStart> {
  const child = spawn(process.execPath, [resolve('bin/scep-gateway.js'), 'serve'], {
    cwd: directory,
    env: {
      ...cleanEnvironment(),
      SCEP_GATEWAY_DATA_DIR: join(directory, 'data'),
      SCEP_GATEWAY_LISTEN: '127.0.0.1:0',
      ...environment,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const overdue = setTimeout(() => child.kill('SIGKILL'), 25_000);
  const [stderr] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  clearTimeout(overdue);
  if (/^\s+at /m.test(stderr)) throw new Error(`a stack: ${stderr}`);
  const said = stderr.replace(/^Opening the data directory.*\n/, '').replaceAll(directory, '<dir>');
  return { code: child.exitCode, stderr: said };
}
