/** NEGOTIATE_MESSAGE (MS-NLMP 2.2.1.1), the first of three. */
import {
  decodeName,
  fieldPlace,
  fieldValue,
  ourVersion,
  requireMessage,
  writeMessage,
} from './message.js';
import { hasFlags } from './negotiate-flags.js';

export interface NegotiateMessage {
  readonly flags: number;
  /** Of the client's machine; undefined when not supplied. Never trusted. */
  readonly domain: string | undefined;
  readonly workstation: string | undefined;
}

/** Up to the flags; curl sends 32 octets, Windows and we 40. */
const leastOctets = 16;
const fieldsOctets = 32;

/** @throws GatewayError `ntlm.malformed` */
export function parseNegotiate(bytes: Buffer): NegotiateMessage {
  requireMessage(bytes, 1, leastOctets);
  const flags = bytes.readUInt32LE(12);
  return {
    flags,
    domain: hasFlags(flags, 'domainSupplied') ? suppliedName(bytes, 16) : undefined,
    workstation: hasFlags(flags, 'workstationSupplied') ? suppliedName(bytes, 24) : undefined,
  };
}

/** These two are OEM text whatever is negotiated. */
function suppliedName(bytes: Buffer, at: number): string {
  requireMessage(bytes, 1, fieldsOctets);
  return decodeName(fieldValue(bytes, fieldPlace(bytes, at, fieldsOctets)), 0);
}

export function encodeNegotiate(flags: number): Buffer {
  const fixed = Buffer.alloc(40);
  fixed.writeUInt32LE(flags, 12);
  ourVersion.copy(fixed, 32);
  return writeMessage(fixed, 1, [
    [16, Buffer.alloc(0)],
    [24, Buffer.alloc(0)],
  ]);
}
