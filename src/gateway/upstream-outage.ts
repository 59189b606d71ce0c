import { meaningOf } from '../adcs/index.js';

/** E_FAIL and E_UNEXPECTED, which Windows says of anything, bad requests among it. */
const unspecific: ReadonlySet<number> = new Set([0x8000_4005, 0x8000_ffff]);

/**
 * An NDES whose CA is down or does not let it in may say so in a FAILURE, by HRESULT. That is an outage as any
 * other. Undefined: it is the request that is refused; else whether the CA may have it all the same.
 */
export function upstreamOutage(hresult: number): 'none' | 'unknown' | undefined {
  const { class: kind, login, mayHaveHappened } = meaningOf(hresult);
  if (unspecific.has(hresult) || (kind !== 'transient' && !login)) return undefined;
  return mayHaveHappened ? 'unknown' : 'none';
}
