import { isGatewayError } from '../errors/index.js';

/** Results: what a script pipes on. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Notes for the person at the terminal. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** What went wrong and what to do next; never a stack for a fault we foresaw. */
export function complain(error: unknown): void {
  if (isGatewayError(error)) {
    note(`scep-gateway: ${error.message}`);
    if (error.mend) note(`  → ${error.mend}`);
    if (process.env['SCEP_GATEWAY_DEBUG'] && error.detail) note(`  detail: ${error.detail}`);
    return;
  }
  note(
    `scep-gateway: an unexpected fault: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
}
