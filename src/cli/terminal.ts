import { isGatewayError } from '../errors/index.js';
import { printable } from './printable.js';

/** Results: what a script pipes on. */
export function print(text: string): void {
  process.stdout.write(`${printable(text, '\n')}\n`);
}

/** Notes for the person at the terminal. */
export function note(text: string): void {
  process.stderr.write(`${printable(text, '\n')}\n`);
}

/** What went wrong and what to do next; never a stack for a fault we foresaw. */
export function complain(error: unknown): void {
  if (isGatewayError(error)) {
    note(`scep-gateway: ${error.message}`);
    if (error.mend) note(`  → ${error.mend}`);
    // What another server or a token said is meant for whoever asked it; our own details are for the log.
    const isTold =
      /^(scep|keys)\./.test(error.code) || process.env['SCEP_GATEWAY_DEBUG'] !== undefined;
    if (isTold && error.detail) note(`  detail: ${error.detail}`);
    return;
  }
  note(
    `scep-gateway: an unexpected fault: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
}

/**
 * A reader that went away (`… | head -1`) is no fault: what it did not want is dropped, and the command
 * ends as it would have ended.
 */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}

/** `process.exit` waits for the threads of node's pool, and one may be in a call that never returns. */
export function endAtOnce(): void {
  process.kill(process.pid, 'SIGKILL');
}
