/** AUTHENTICATE_MESSAGE (MS-NLMP 2.2.1.3), the last of three. */
import {
  decodeName,
  encodeUnicode,
  fieldPlace,
  fieldValue,
  malformed,
  ourVersion,
  requireMessage,
  writeMessage,
  type FieldPlace,
} from './message.js';

export interface AuthenticateMessage {
  readonly flags: number;
  readonly domain: string;
  readonly user: string;
  readonly workstation: string;
  /** NTLMv2_RESPONSE: proof and client challenge. What else a client may send is refused in `ntlmv2.ts`. */
  readonly ntResponse: Buffer;
  /** The session key under the key exchange key; empty without key exchange. */
  readonly encryptedSessionKey: Buffer;
  /** 16 octets; undefined where the payload leaves no room for it. */
  readonly mic: Buffer | undefined;
}

/** Up to the flags; Version (8) and MIC (16) may follow, and only the payload's offsets tell. */
const leastOctets = 64;
const micOffset = 72;
const micOctets = 16;

/** @throws GatewayError `ntlm.malformed` */
export function parseAuthenticate(bytes: Buffer): AuthenticateMessage {
  requireMessage(bytes, 3, leastOctets);
  const flags = bytes.readUInt32LE(60);
  const place = (at: number) => fieldPlace(bytes, at, leastOctets);
  const [lm, nt, domain, user, workstation, sessionKey] = [
    place(12),
    place(20),
    place(28),
    place(36),
    place(44),
    place(52),
  ];
  const payload = Math.min(
    ...[lm, nt, domain, user, workstation, sessionKey].map(({ offset }) => offset),
  );
  const value = (field: FieldPlace) => fieldValue(bytes, field);
  return {
    flags,
    domain: decodeName(value(domain), flags),
    user: decodeName(value(user), flags),
    workstation: decodeName(value(workstation), flags),
    ntResponse: value(nt),
    encryptedSessionKey: value(sessionKey),
    mic:
      payload < micOffset + micOctets
        ? undefined
        : bytes.subarray(micOffset, micOffset + micOctets),
  };
}

/**
 * Always with room for a MIC (zeros until `withMic`), always Unicode, and 24 zero octets where the LM
 * response stood once (MS-NLMP 3.1.5.1.2).
 */
export function encodeAuthenticate(message: Omit<AuthenticateMessage, 'mic'>): Buffer {
  const fixed = Buffer.alloc(micOffset + micOctets);
  fixed.writeUInt32LE(message.flags, 60);
  ourVersion.copy(fixed, leastOctets);
  return writeMessage(fixed, 3, [
    [28, encodeUnicode(message.domain)],
    [36, encodeUnicode(message.user)],
    [44, encodeUnicode(message.workstation)],
    [12, Buffer.alloc(24)],
    [20, message.ntResponse],
    [52, message.encryptedSessionKey],
  ]);
}

/** The message with these 16 octets in place of its MIC. */
export function withMic(message: Buffer, mic: Buffer): Buffer {
  if (message.length < micOffset + micOctets) throw malformed('there is no room for a MIC');
  const copy = Buffer.from(message);
  mic.copy(copy, micOffset, 0, micOctets);
  return copy;
}

export const noMic = Buffer.alloc(micOctets);
