/** The NTLMv2 computations (MS-NLMP 3.3.2). LM, NTLMv1 and NTLM2 session responses are not known here. */
import { createHmac } from 'node:crypto';
import { encodeAvPairs, parseAvPairs, type AvPair } from './av-pairs.js';
import { md4 } from './md4.js';
import { encodeUnicode, malformed } from './message.js';

/** MD4 of the password, 16 octets: as good as the password itself. */
export type NtHash = Buffer & { readonly __brand: 'NtHash' };

export function ntHash(password: string): NtHash {
  return md4(encodeUnicode(password)) as NtHash;
}

/** Key of all that follows, from the names as they stand in AUTHENTICATE. */
export function responseKey(hash: NtHash, user: string, domain: string): Buffer {
  return hmacMd5(hash, encodeUnicode(upperCase(user) + domain));
}

/** Windows maps one UTF-16 unit to one: `ß` stays. */
function upperCase(text: string): string {
  return text.replace(/[^]/g, (unit) => {
    const upper = unit.toUpperCase();
    return upper.length === 1 ? upper : unit;
  });
}

export interface ClientChallenge {
  /** 100 ns since 1601 (FILETIME). */
  readonly time: bigint;
  /** 8 octets. */
  readonly nonce: Buffer;
  readonly targetInfo: readonly AvPair[];
}

/** NTLMv2_CLIENT_CHALLENGE (MS-NLMP 2.2.2.7) with the four zero octets behind it that Windows sends. */
export function encodeClientChallenge({ time, nonce, targetInfo }: ClientChallenge): Buffer {
  const head = Buffer.alloc(28);
  head[0] = 1;
  head[1] = 1;
  head.writeBigUInt64LE(time, 8);
  nonce.copy(head, 16);
  return Buffer.concat([head, encodeAvPairs(targetInfo), Buffer.alloc(4)]);
}

/** NTLMv2_RESPONSE (MS-NLMP 2.2.2.8). */
export interface NtlmV2Response extends ClientChallenge {
  /** 16 octets. */
  readonly proof: Buffer;
  /** The client challenge as received: what the proof is made of. */
  readonly encoded: Buffer;
}

/** @throws GatewayError `ntlm.malformed`, also for the 24 octets of NTLMv1 */
export function parseNtlmV2Response(bytes: Buffer): NtlmV2Response {
  if (bytes.length === 24) throw malformed('an NTLMv1 response');
  if (bytes.length < 48) throw malformed('no NTLMv2 response');
  const encoded = bytes.subarray(16);
  if (encoded[0] !== 1 || encoded[1] !== 1)
    throw malformed('a client challenge of another version');
  return {
    proof: bytes.subarray(0, 16),
    encoded,
    time: encoded.readBigUInt64LE(8),
    nonce: encoded.subarray(16, 24),
    targetInfo: parseAvPairs(encoded.subarray(28)),
  };
}

/** NTProofStr. */
export function ntProof(key: Buffer, serverChallenge: Buffer, clientChallenge: Buffer): Buffer {
  return hmacMd5(key, serverChallenge, clientChallenge);
}

/** SessionBaseKey, which in NTLMv2 is the KeyExchangeKey too. */
export function sessionBaseKey(key: Buffer, proof: Buffer): Buffer {
  return hmacMd5(key, proof);
}

/** MIC over the three messages, the last with zeros in its place (MS-NLMP 3.1.5.1.2). */
export function messageIntegrityCode(
  exportedSessionKey: Buffer,
  messages: readonly [negotiate: Buffer, challenge: Buffer, authenticate: Buffer],
): Buffer {
  return hmacMd5(exportedSessionKey, ...messages);
}

export function fileTime(date: Date): bigint {
  return (BigInt(date.getTime()) + 11_644_473_600_000n) * 10_000n;
}

function hmacMd5(key: Buffer, ...parts: readonly Buffer[]): Buffer {
  const hmac = createHmac('md5', key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}
