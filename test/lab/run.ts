import { spawn } from 'node:child_process';

export interface Finished {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs a program of the lab to its end, with `input` on its standard input. */
export async function run(
  program: string,
  options: readonly string[],
  { input = '', environment = {} }: { input?: string; environment?: NodeJS.ProcessEnv } = {},
): Promise<Finished> {
  const child = spawn(program, options, { env: { ...process.env, ...environment } });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => output.push(part));
  child.stderr.on('data', (part: Buffer) => errors.push(part));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return {
    status,
    output: Buffer.concat(output).toString(),
    errors: Buffer.concat(errors).toString(),
  };
}
