/** sec_trailer and what it carries (MS-RPCE §2.2.2.11). */
import { malformed } from './rpc-error.js';
import type { Pdu } from './pdu.js';

export const authType = { spnego: 9, ntlm: 10, kerberos: 16 } as const;

export type AuthType = (typeof authType)[keyof typeof authType];

/** RPC_C_AUTHN_LEVEL_PKT_PRIVACY: the only level that is ever asked for. */
const packetPrivacy = 6;

/** Any number: there is one security context in a connection. */
const contextId = 1;

export const trailerOctets = 8;

export function encodeTrailer(type: AuthType, padOctets: number): Buffer {
  const trailer = Buffer.alloc(trailerOctets);
  trailer.writeUInt8(type);
  trailer.writeUInt8(packetPrivacy, 1);
  trailer.writeUInt8(padOctets, 2);
  trailer.writeUInt32LE(contextId, 4);
  return trailer;
}

export interface AuthVerifier {
  /** Where the trailer begins: behind body and padding. */
  readonly at: number;
  readonly padOctets: number;
  /** The trailer itself, which is signed with the rest. */
  readonly trailer: Buffer;
  /** Token or signature. */
  readonly value: Buffer;
}

/**
 * The trailer at the end of a message; undefined where there is none.
 *
 * @param bodyAt where the trailer may begin at the earliest
 * @throws GatewayError `rpc.malformed`, also for another mechanism, level or context than ours
 */
export function readVerifier(pdu: Pdu, type: AuthType, bodyAt: number): AuthVerifier | undefined {
  const { bytes, authOctets } = pdu;
  if (authOctets === 0) return undefined;
  const at = bytes.length - authOctets - trailerOctets;
  if (at < bodyAt) throw malformed('an authentication value longer than its message');
  const padOctets = bytes.readUInt8(at + 2);
  if (at - padOctets < bodyAt) throw malformed('more padding than message');
  const isOurs =
    bytes.readUInt8(at) === type &&
    bytes.readUInt8(at + 1) === packetPrivacy &&
    bytes.readUInt32LE(at + 4) === contextId;
  if (!isOurs) throw malformed('a trailer of another security context');
  return {
    at,
    padOctets,
    trailer: bytes.subarray(at, at + trailerOctets),
    value: bytes.subarray(at + trailerOctets),
  };
}
