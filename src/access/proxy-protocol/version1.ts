import { isIPv4, isIPv6 } from 'node:net';
import { parseIpAddress } from '../../address/index.js';
import type { ProxyHeaderOutcome } from './outcome.js';

const start = Buffer.from('PROXY ');
/** With CR LF. */
const longest = 107;

export function startsVersion1(received: Buffer): boolean {
  const length = Math.min(received.length, start.length);
  return received.subarray(0, length).equals(start.subarray(0, length));
}

/** `PROXY TCP4 192.0.2.7 192.0.2.1 51234 443` and CR LF. */
export function parseVersion1(received: Buffer): ProxyHeaderOutcome {
  const end = received.subarray(0, longest).indexOf('\r\n');
  if (end < 0) {
    return received.length < longest
      ? { kind: 'incomplete' }
      : { kind: 'invalid', reason: 'its PROXY line has no end' };
  }
  const line = received.toString('latin1', 0, end);
  const length = end + 2;
  // What follows UNKNOWN is to be ignored.
  if (/^PROXY UNKNOWN(?: |$)/.test(line)) {
    return { kind: 'complete', version: 1, length, source: undefined };
  }
  const [, transport, from = '', to = '', ...ports] =
    /^PROXY (TCP[46]) (\S+) (\S+) (\d{1,5}) (\d{1,5})$/.exec(line) ?? [];
  const isFamily = transport === 'TCP4' ? isIPv4 : isIPv6;
  const source = parseIpAddress(from);
  const readable =
    transport !== undefined &&
    isFamily(from) &&
    isFamily(to) &&
    source !== undefined &&
    parseIpAddress(to) !== undefined &&
    ports.every((port) => Number(port) <= 65_535 && String(Number(port)) === port);
  if (!readable) return { kind: 'invalid', reason: 'its PROXY line cannot be read' };
  return { kind: 'complete', version: 1, length, source };
}
