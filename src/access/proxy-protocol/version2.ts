import { parseIpAddress, type IpAddress } from '../../address/index.js';
import type { ProxyHeaderOutcome } from './outcome.js';

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const fixedLength = 16;
/** Addresses and TLVs; real ones take a few hundred octets. */
const mostRest = 4096;

export function startsVersion2(received: Buffer): boolean {
  const length = Math.min(received.length, signature.length);
  return received.subarray(0, length).equals(signature.subarray(0, length));
}

/** Signature, version and command, family, length, addresses, TLVs; the latter are skipped. */
export function parseVersion2(received: Buffer): ProxyHeaderOutcome {
  if (received.length < fixedLength) return { kind: 'incomplete' };
  const command = received.readUInt8(12);
  const family = received.readUInt8(13);
  const rest = received.readUInt16BE(14);
  if (command !== local && command !== proxy) return invalid('has no known version and command');
  if (rest > mostRest) return invalid(`is longer than ${mostRest} octets`);
  const length = fixedLength + rest;
  const addresses = addressOctets.get(family);
  if (command === proxy && addresses === undefined) return invalid('is of no known family');
  if (command === proxy && rest < (addresses ?? 0)) return invalid('is shorter than its addresses');
  if (received.length < length) return { kind: 'incomplete' };
  const source = command === proxy ? sourceOf(family, received.subarray(fixedLength)) : undefined;
  return { kind: 'complete', version: 2, length, source };
}

const local = 0x20;
const proxy = 0x21;
const tcp4 = 0x11;
const tcp6 = 0x21;
/** Family and transport → octets of both addresses and ports. UDP cannot come by TCP. */
const addressOctets: ReadonlyMap<number, number> = new Map([
  [0x00, 0],
  [tcp4, 12],
  [tcp6, 36],
  [0x31, 216],
]);

function sourceOf(family: number, octets: Buffer): IpAddress | undefined {
  if (family === tcp4) return parseIpAddress([...octets.subarray(0, 4)].join('.'));
  if (family !== tcp6) return undefined;
  const groups = Array.from({ length: 8 }, (_, index) => octets.readUInt16BE(index * 2));
  return parseIpAddress(groups.map((group) => group.toString(16)).join(':'));
}

function invalid(fault: string): ProxyHeaderOutcome {
  return { kind: 'invalid', reason: `its PROXY header ${fault}` };
}
