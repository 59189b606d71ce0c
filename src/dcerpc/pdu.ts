/** The frame of every message of connection-oriented DCE/RPC, version 5 (C706 §12.6.1, MS-RPCE §2.2.2). */
import { malformed } from './rpc-error.js';

export const pduType = {
  request: 0,
  response: 2,
  fault: 3,
  bind: 11,
  bindAck: 12,
  bindNak: 13,
  alterContext: 14,
  alterContextResponse: 15,
  auth3: 16,
  shutdown: 17,
} as const;

export const pduFlag = {
  first: 0x01,
  last: 0x02,
  /** In bind and its answer: the signature covers header and trailer as well (MS-RPCE §2.2.2.3). */
  headerSigning: 0x04,
  /** In a fault: the call did not reach its routine. */
  didNotExecute: 0x20,
} as const;

export const headerOctets = 16;

/**
 * The largest message we send or take, as Windows' own clients say. A server may send smaller ones only
 * (C706 §12.6.3.4), so what one of a hostile server costs is bounded before it is read.
 */
export const mostFragmentOctets = 5840;

/** One received message. */
export interface Pdu {
  readonly type: number;
  readonly flags: number;
  readonly callId: number;
  /** Authentication value at the end; zero where there is no trailer. */
  readonly authOctets: number;
  /** Everything, header included: signatures cover it. */
  readonly bytes: Buffer;
}

/**
 * Writes a message.
 *
 * @param body what follows the header, without trailer
 * @param trailer sec_trailer with its value, as of `encodeTrailer`
 */
export function encodePdu(
  head: Pick<Pdu, 'type' | 'flags' | 'callId'>,
  body: Buffer,
  trailer?: { readonly bytes: Buffer; readonly authOctets: number },
): Buffer {
  const { bytes = Buffer.alloc(0), authOctets = 0 } = trailer ?? {};
  const octets = headerOctets + body.length + bytes.length;
  return Buffer.concat([encodeHeader(head, octets, authOctets), body, bytes]);
}

export function encodeHeader(
  { type, flags, callId }: Pick<Pdu, 'type' | 'flags' | 'callId'>,
  octets: number,
  authOctets: number,
): Buffer {
  const header = Buffer.alloc(headerOctets);
  header.writeUInt8(5);
  header.writeUInt8(type, 2);
  header.writeUInt8(flags, 3);
  littleEndian.copy(header, 4);
  header.writeUInt16LE(octets, 8);
  header.writeUInt16LE(authOctets, 10);
  header.writeUInt32LE(callId, 12);
  return header;
}

/** Little-endian integers, ASCII, IEEE floats (C706 §14.1): what every Windows speaks. */
const littleEndian = Buffer.from([0x10, 0, 0, 0]);

/**
 * Octets of the message that begins here; undefined before its header has come.
 * @throws GatewayError `rpc.malformed` when what comes is no message, or too long a one
 */
export function announcedOctets(bytes: Buffer): number | undefined {
  if (bytes.length < headerOctets) return undefined;
  if (bytes[0] !== 5 || (bytes[1] ?? 0) > 1) throw malformed('not DCE/RPC version 5');
  if (bytes[4] !== littleEndian[0]) throw malformed('the server is not little-endian');
  const octets = bytes.readUInt16LE(8);
  if (octets < headerOctets) throw malformed('a message shorter than its header');
  if (octets > mostFragmentOctets) throw malformed(`a fragment of ${octets} octets`);
  return octets;
}

/** @param bytes one whole message, as of `announcedOctets` */
export function parsePdu(bytes: Buffer): Pdu {
  return {
    type: bytes.readUInt8(2),
    flags: bytes.readUInt8(3),
    callId: bytes.readUInt32LE(12),
    authOctets: bytes.readUInt16LE(10),
    bytes,
  };
}
