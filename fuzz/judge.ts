/** Reads one input and says whether that went as it must. */
import { isGatewayError } from '../src/errors/index.js';
import type { Probe } from './target.js';

export type Verdict =
  /** `detail` tells outcomes of one word apart. */
  | { readonly kind: 'passed'; readonly outcome: string; readonly detail: string }
  | { readonly kind: 'fault'; readonly fault: string };

export function judge(probe: Probe, input: Buffer): Verdict | Promise<Verdict> {
  try {
    const outcome = probe.run(input);
    return typeof outcome === 'string'
      ? passed(outcome)
      : outcome.then(passed, (error: unknown) => judgeThrown(probe, error));
  } catch (error) {
    return judgeThrown(probe, error);
  }
}

function passed(outcome: string): Verdict {
  return { kind: 'passed', outcome, detail: '' };
}

function judgeThrown(probe: Probe, error: unknown): Verdict {
  if (!isGatewayError(error)) return { kind: 'fault', fault: describe(error) };
  if (!probe.refuses.some((code) => matches(code, error.code))) {
    return { kind: 'fault', fault: `a refusal that is not its own: ${error.code}` };
  }
  const slip = probe.library ? undefined : slipIn(error.cause);
  if (slip !== undefined) return { kind: 'fault', fault: `${error.code} hides ${describe(slip)}` };
  return { kind: 'passed', outcome: error.code, detail: error.detail ?? error.message };
}

function matches(wanted: string, code: string): boolean {
  return wanted.endsWith('*') ? code.startsWith(wanted.slice(0, -1)) : wanted === code;
}

/** A cause that no reader throws on purpose: an undefined that was used, a stack or a number that ran out. */
function slipIn(cause: unknown): Error | undefined {
  if (!(cause instanceof Error)) return undefined;
  const code = 'code' in cause ? String(cause.code) : '';
  const ranOut = /call stack|invalid (?:array|string) length/i.test(cause.message);
  const outOfRange = ['ERR_OUT_OF_RANGE', 'ERR_BUFFER_OUT_OF_BOUNDS'].includes(code);
  const isSlip = cause instanceof TypeError && !code.startsWith('ERR_ENCODING');
  return isSlip || ranOut || outOfRange ? cause : slipIn(cause.cause);
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return `something thrown that is no error: ${String(error)}`;
  return (error.stack ?? String(error)).split('\n').slice(0, 6).join('\n').slice(0, 2000);
}

/** The same for one fault at one place, whatever the input. */
export function signature(fault: string): string {
  return fault
    .replace(/[0-9]+|"[^"]*"|'[^']*'/g, '#')
    .split('\n')
    .filter((_, line) => line < 3)
    .join(' ')
    .slice(0, 200);
}
