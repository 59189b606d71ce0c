import type { IssuanceOutcome } from '../issuer/index.js';
import type { ScepOutcome } from '../scep/index.js';

type Refusal = Extract<ScepOutcome, { kind: 'failed' }>;

/** A CertRep FAILURE of upstream: the device hears that, the audit record in which words. */
export function refusedOutcome({
  failInfo,
  failInfoText,
  hresult,
}: Refusal): Extract<IssuanceOutcome, { kind: 'refused' }> {
  const code = hresult === undefined ? undefined : `HRESULT 0x${hex(hresult)}`;
  const words = [failInfo ?? 'no failInfo', code, failInfoText && shortened(failInfoText)];
  return {
    kind: 'refused',
    text: `The CA behind this gateway refused the request (${failInfo ?? 'no reason given'}).`,
    detail: `the upstream server answered FAILURE: ${words.filter(Boolean).join(', ')}`,
    ...(hresult !== undefined && { hresult }),
  };
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}

function shortened(text: string): string {
  return text.length <= 1000 ? text : `${text.slice(0, 999)}…`;
}
