/** The frame of every NTLM message (MS-NLMP 2.2.1): signature, type, and fields that point into a payload. */
import { GatewayError } from '../errors/index.js';
import { hasFlags } from './negotiate-flags.js';

const signature = Buffer.from('NTLMSSP\0', 'latin1');

/** No message of a real client or server comes near. */
const mostOctets = 32 * 1024;

export type MessageType = 1 | 2 | 3;

export function isNtlmMessage(bytes: Uint8Array): boolean {
  return bytes.length >= 12 && signature.equals(bytes.subarray(0, 8));
}

/** 1 NEGOTIATE, 2 CHALLENGE, 3 AUTHENTICATE; undefined when it is none of them. */
export function messageType(bytes: Buffer): MessageType | undefined {
  if (!isNtlmMessage(bytes)) return undefined;
  const type = bytes.readUInt32LE(8);
  return type === 1 || type === 2 || type === 3 ? type : undefined;
}

/**
 * Checks signature, type and size before anything is read.
 * @throws GatewayError `ntlm.malformed`
 */
export function requireMessage(bytes: Buffer, type: MessageType, leastOctets: number): void {
  if (messageType(bytes) !== type) throw malformed(`not a message of type ${type}`);
  if (bytes.length < leastOctets) throw malformed(`shorter than ${leastOctets} octets`);
  if (bytes.length > mostOctets) throw malformed(`longer than ${mostOctets} octets`);
}

/** Where a field says its value is. */
export interface FieldPlace {
  readonly offset: number;
  readonly length: number;
}

/**
 * Reads length, allocated length (of no use) and offset at `at`. A value may not reach into the fixed
 * part nor past the end; of an empty one the offset means nothing.
 * @throws GatewayError `ntlm.malformed`
 */
export function fieldPlace(bytes: Buffer, at: number, fixedOctets: number): FieldPlace {
  const length = bytes.readUInt16LE(at);
  const offset = bytes.readUInt32LE(at + 4);
  if (length === 0) return { offset: bytes.length, length };
  if (offset < fixedOctets) throw malformed(`field ${at} points into the header`);
  if (offset + length > bytes.length) throw malformed(`field ${at} runs past the end`);
  return { offset, length };
}

export function fieldValue(bytes: Buffer, { offset, length }: FieldPlace): Buffer {
  return bytes.subarray(offset, offset + length);
}

/** A name in the character set that was agreed on. @throws GatewayError `ntlm.malformed` */
export function decodeName(value: Buffer, flags: number): string {
  if (!hasFlags(flags, 'unicode')) return value.toString('latin1');
  return decodeUnicode(value);
}

/** @throws GatewayError `ntlm.malformed` when an octet is left over */
function decodeUnicode(value: Buffer): string {
  if (value.length % 2 !== 0) throw malformed('half a character');
  return value.toString('utf16le');
}

export function encodeUnicode(text: string): Buffer {
  return Buffer.from(text, 'utf16le');
}

/**
 * Puts a message together: the fixed part with its fields filled in, the values behind it in their order.
 * @param fields offset of each field in the fixed part, and its value
 */
export function writeMessage(
  fixed: Buffer,
  type: MessageType,
  fields: readonly (readonly [at: number, value: Uint8Array])[],
): Buffer {
  signature.copy(fixed);
  fixed.writeUInt32LE(type, 8);
  let offset = fixed.length;
  for (const [at, value] of fields) {
    fixed.writeUInt16LE(value.length, at);
    fixed.writeUInt16LE(value.length, at + 2);
    fixed.writeUInt32LE(offset, at + 4);
    offset += value.length;
  }
  return Buffer.concat([fixed, ...fields.map(([, value]) => value)]);
}

/**
 * VERSION (MS-NLMP 2.2.2.10): for debugging only, but gss-ntlmssp 1.2 refuses a NEGOTIATE without it.
 * What we say is Windows 10, revision 15 of NTLMSSP.
 */
export const ourVersion = Buffer.from('0a00000000' + '00000f', 'hex');

export function malformed(detail: string): GatewayError {
  return new GatewayError('ntlm.malformed', 'An NTLM message cannot be read.', { detail });
}
