import { hresultInText, meaningOf } from '../adcs/index.js';
import type { GatewayError } from '../errors/index.js';

/**
 * - `ok`: as it should be.
 * - `info`: neither good nor bad, or what cannot be told from here.
 * - `warning`: it works, but not for everybody or not for long.
 * - `failed`: it does not work.
 * - `skipped`: not looked at, because of something else.
 */
type CheckResult = 'ok' | 'info' | 'warning' | 'failed' | 'skipped';

/** What one check found. Names, addresses, thumbprints and codes may stand in it; secrets never. */
export interface Finding {
  /** Stable, such as `tls.name`; docs/operations.md lists them. */
  readonly id: string;
  /** What was looked at: `issuer corp`, `listener 0.0.0.0:8443`. */
  readonly about: string;
  readonly result: CheckResult;
  /** A sentence for an administrator. */
  readonly text: string;
  /** What to do, where there is something to do. */
  readonly next?: string;
  /** Of what is `skipped`: id of the check that stands in the way. */
  readonly because?: string;
}

/** What a check says, before it is known which it was. */
export type Verdict = Omit<Finding, 'id' | 'about' | 'because'>;

export function ok(text: string): Verdict {
  return { result: 'ok', text };
}

export function info(text: string, next?: string): Verdict {
  return { result: 'info', text, ...(next !== undefined && { next }) };
}

export function warning(text: string, next: string): Verdict {
  return { result: 'warning', text, next };
}

export function failed(text: string, next: string): Verdict {
  return { result: 'failed', text, next };
}

/** An error that a part of the gateway foresaw; its detail is for an administrator. */
export function failedBy({ message, detail, mend }: GatewayError): Verdict {
  const text = detail === undefined ? message : `${message} (${detail})`;
  return failed(text, mend ?? nextStepOf(text) ?? 'Look into the log of the gateway.');
}

/** The next step for the HRESULT that a text names, where it names one. */
export function nextStepOf(text: string): string | undefined {
  const hresult = hresultInText(text);
  return hresult === undefined ? undefined : meaningOf(hresult).nextStep;
}
