import { spawnSync } from 'node:child_process';

/** Standard output of the openssl command; throws what it wrote to standard error. */
export function runOpenssl(args: readonly string[], input?: Buffer | string): string {
  const run = spawnSync('openssl', args, { input, encoding: 'utf8' });
  if (run.error !== undefined) throw run.error;
  if (run.status !== 0) throw new Error(`openssl ${args.join(' ')}: ${run.stderr}`);
  return run.stdout;
}

/** False, with a word on the console, where there is no openssl command to test against. */
export function hasOpenssl(): boolean {
  const found = spawnSync('openssl', ['version']).status === 0;
  if (!found) console.warn('SKIPPED: no openssl command here, its files are not tested against');
  return found;
}
