/** SCEP programs that nobody here wrote, from Debian packages (scripts/install-interop.sh). */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { describe, test } from '@jest/globals';

/**
 * A `describe` that needs programs. Where one is missing the suite is skipped loudly on a developer's
 * machine, and fails on a build server (CI=true): there a skipped interop suite would look like a pass.
 *
 * @param programs names on the PATH, or absolute paths of programs and plugins
 */
export function describeWithPrograms(
  title: string,
  programs: readonly string[],
  suite: () => void,
): void {
  const missing = programs.filter((program) => !isPresent(program));
  if (missing.length === 0) {
    describe(title, suite);
    return;
  }
  const complaint = `${missing.join(', ')} not found; scripts/install-interop.sh installs what this suite needs`;
  if (process.env['CI'] === 'true') {
    describe(title, () => {
      test('has its programs', () => {
        throw new Error(complaint);
      });
    });
    return;
  }
  console.warn(`SKIPPED: ${title}: ${complaint}`);
  describe.skip(title, suite);
}

function isPresent(program: string): boolean {
  const candidates = isAbsolute(program)
    ? [program]
    : (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, program));
  return candidates.some((path) => {
    try {
      accessSync(path, isAbsolute(program) ? constants.R_OK : constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export interface ProgramRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly cwd?: string;
  /** Added to the environment of the tests. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: Buffer | string;
  /** The program is killed after so long; its status is then null. */
  readonly timeoutMillis?: number;
}

/** Runs a program to its end, whatever that is. */
export function runProgram(
  program: string,
  args: readonly string[],
  { cwd, env = {}, input, timeoutMillis = 30_000 }: ProgramOptions = {},
): Promise<ProgramRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      timeout: timeoutMillis,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    child.once('error', reject);
    child.once('close', (status) => {
      resolve({ status, stdout, stderr });
    });
    // A program that does not read its input may be gone already.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** The same for a program that must succeed: its standard output. */
export async function mustRun(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<string> {
  const { status, stdout, stderr } = await runProgram(program, args, options);
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.join(' ')} ended with ${String(status)}: ${stderr}${stdout}`);
}
