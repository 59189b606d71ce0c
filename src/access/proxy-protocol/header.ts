/** The PROXY protocol of load balancers that forward TCP (haproxy.org, proxy-protocol.txt). */
import type { ProxyHeaderOutcome } from './outcome.js';
import { parseVersion1, startsVersion1 } from './version1.js';
import { parseVersion2, startsVersion2 } from './version2.js';

/** Judges what has been received so far. Never throws, and never wants more than 4 KiB and a bit. */
export function parseProxyHeader(
  received: Buffer,
  versions: readonly (1 | 2)[],
): ProxyHeaderOutcome {
  if (received.length === 0) return { kind: 'incomplete' };
  if (startsVersion1(received)) {
    return versions.includes(1) ? parseVersion1(received) : notTaken(1);
  }
  if (startsVersion2(received)) {
    return versions.includes(2) ? parseVersion2(received) : notTaken(2);
  }
  return { kind: 'invalid', reason: 'it does not begin with a PROXY header' };
}

function notTaken(version: number): ProxyHeaderOutcome {
  return { kind: 'invalid', reason: `PROXY version ${version} is not taken here` };
}
