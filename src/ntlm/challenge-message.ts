/** CHALLENGE_MESSAGE (MS-NLMP 2.2.1.2), the answer of a server. */
import { encodeAvPairs, parseAvPairs, type AvPair } from './av-pairs.js';
import {
  decodeName,
  encodeUnicode,
  fieldPlace,
  fieldValue,
  malformed,
  ourVersion,
  requireMessage,
  writeMessage,
} from './message.js';
import { hasFlags } from './negotiate-flags.js';

export interface ChallengeMessage {
  readonly flags: number;
  /** 8 octets. */
  readonly serverChallenge: Buffer;
  readonly targetName: string;
  readonly targetInfo: readonly AvPair[];
}

const fixedOctets = 48;

/**
 * A server that sends no TargetInfo knows no NTLMv2 and is refused.
 * @throws GatewayError `ntlm.malformed`
 */
export function parseChallenge(bytes: Buffer): ChallengeMessage {
  requireMessage(bytes, 2, fixedOctets);
  const flags = bytes.readUInt32LE(20);
  if (!hasFlags(flags, 'targetInfo')) throw malformed('no TargetInfo: the server knows no NTLMv2');
  return {
    flags,
    serverChallenge: bytes.subarray(24, 32),
    targetName: decodeName(fieldValue(bytes, fieldPlace(bytes, 12, fixedOctets)), flags),
    targetInfo: parseAvPairs(fieldValue(bytes, fieldPlace(bytes, 40, fixedOctets))),
  };
}

export function encodeChallenge(message: ChallengeMessage): Buffer {
  const fixed = Buffer.alloc(56);
  fixed.writeUInt32LE(message.flags, 20);
  message.serverChallenge.copy(fixed, 24);
  ourVersion.copy(fixed, 48);
  return writeMessage(fixed, 2, [
    [12, encodeUnicode(message.targetName)],
    [40, encodeAvPairs(message.targetInfo)],
  ]);
}
