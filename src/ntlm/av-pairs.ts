/** TargetInfo: a list of AV_PAIR (MS-NLMP 2.2.2.1). */
import { malformed } from './message.js';

export const avId = {
  endOfList: 0,
  computerName: 1,
  domainName: 2,
  dnsComputerName: 3,
  dnsDomainName: 4,
  flags: 6,
  timestamp: 7,
  targetName: 9,
  channelBindings: 10,
} as const;

/** MsvAvFlags: the message carries a MIC. */
export const avFlagMic = 0x2;

export interface AvPair {
  readonly id: number;
  readonly value: Buffer;
}

const mostPairs = 64;

/**
 * The pairs before MsvAvEOL. What stands behind it is left alone: clients put four zero octets there.
 * @throws GatewayError `ntlm.malformed` when the end is missing, a pair runs past it, or an identifier repeats
 */
export function parseAvPairs(bytes: Buffer): readonly AvPair[] {
  const pairs: AvPair[] = [];
  const seen = new Set<number>();
  for (let at = 0; at + 4 <= bytes.length;) {
    const id = bytes.readUInt16LE(at);
    const length = bytes.readUInt16LE(at + 2);
    if (id === avId.endOfList) return pairs;
    at += 4;
    if (at + length > bytes.length) throw malformed('an AV pair runs past the end');
    if (seen.has(id)) throw malformed('an AV pair is there twice');
    if (pairs.length === mostPairs) throw malformed('too many AV pairs');
    seen.add(id);
    pairs.push({ id, value: bytes.subarray(at, at + length) });
    at += length;
  }
  throw malformed('the list of AV pairs has no end');
}

export function encodeAvPairs(pairs: readonly AvPair[]): Buffer {
  return Buffer.concat([...pairs, { id: avId.endOfList, value: Buffer.alloc(0) }].flatMap(encode));
}

function encode({ id, value }: AvPair): [Buffer, Buffer] {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(id, 0);
  head.writeUInt16LE(value.length, 2);
  return [head, value];
}

export function avValue(pairs: readonly AvPair[], id: number): Buffer | undefined {
  return pairs.find((pair) => pair.id === id)?.value;
}

/** Zero where there is no MsvAvFlags. @throws GatewayError `ntlm.malformed` */
export function avFlags(pairs: readonly AvPair[]): number {
  const value = avValue(pairs, avId.flags);
  if (value === undefined) return 0;
  if (value.length !== 4) throw malformed('MsvAvFlags is not 4 octets long');
  return value.readUInt32LE();
}
