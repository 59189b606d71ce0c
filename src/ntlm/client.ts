/** The client's part of NTLMv2 (MS-NLMP 3.1). */
import { randomBytes } from 'node:crypto';
import { encodeAuthenticate, withMic } from './authenticate-message.js';
import { avFlagMic, avFlags, avId, avValue, type AvPair } from './av-pairs.js';
import { channelBindingHash } from './channel-binding/index.js';
import { parseChallenge, type ChallengeMessage } from './challenge-message.js';
import { encodeUnicode, malformed } from './message.js';
import { hasFlags, joinFlags } from './negotiate-flags.js';
import { encodeNegotiate } from './negotiate-message.js';
import {
  encodeClientChallenge,
  fileTime,
  messageIntegrityCode,
  ntHash,
  ntProof,
  responseKey,
  sessionBaseKey,
} from './ntlmv2.js';
import { createRc4 } from './rc4.js';
import { createNtlmSession, type NtlmSession } from './session.js';

export interface NtlmCredentials {
  readonly user: string;
  /** NetBIOS or DNS name; empty with a local account or `user@domain`. */
  readonly domain: string;
  readonly password: string;
  /** Name of our machine as the account may be restricted to; default none. */
  readonly workstation?: string;
}

export interface NtlmClientOptions {
  /** Service principal name, `HTTP/ca1.corp.example` or `host/ca1.corp.example`. */
  readonly targetName?: string;
  /** Application data as of `tlsServerEndPoint`; leave it out where there is no TLS. */
  readonly channelBinding?: Buffer | undefined;
  readonly clock?: () => Date;
  readonly random?: (octets: number) => Buffer;
}

/** One sign-in: `negotiate`, then `authenticate` with what the server answered. */
export interface NtlmClient {
  negotiate(): Buffer;
  /** @throws GatewayError `ntlm.malformed` when the challenge cannot be read or wants less than NTLMv2 */
  authenticate(challenge: Buffer): NtlmAuthentication;
}

interface NtlmAuthentication {
  readonly message: Buffer;
  /** Undefined when the server did not agree to signing, sealing, 128 bits and a key exchange. */
  readonly session: NtlmSession | undefined;
}

const offered = joinFlags(
  'unicode',
  'requestTarget',
  'sign',
  'seal',
  'ntlm',
  'alwaysSign',
  'extendedSessionSecurity',
  'version',
  'strength128',
  'keyExchange',
  'strength56',
);

export function createNtlmClient(
  credentials: NtlmCredentials,
  options: NtlmClientOptions = {},
): NtlmClient {
  const { clock = () => new Date(), random = randomBytes } = options;
  const negotiate = encodeNegotiate(offered);

  function authenticate(bytes: Buffer): NtlmAuthentication {
    const challenge = parseChallenge(bytes);
    const flags = agreed(challenge);
    const { user, domain, password, workstation = '' } = credentials;
    const key = responseKey(ntHash(password), user, domain);
    const serverTime = avValue(challenge.targetInfo, avId.timestamp);
    const clientChallenge = encodeClientChallenge({
      time: serverTime?.length === 8 ? serverTime.readBigUInt64LE() : fileTime(clock()),
      nonce: random(8),
      targetInfo: ourTargetInfo(challenge.targetInfo, options),
    });
    const proof = ntProof(key, challenge.serverChallenge, clientChallenge);
    const keys = exportedKeys(sessionBaseKey(key, proof), flags, random);
    const message = encodeAuthenticate({
      flags,
      domain,
      user,
      workstation,
      ntResponse: Buffer.concat([proof, clientChallenge]),
      encryptedSessionKey: keys.encrypted,
    });
    const mic = messageIntegrityCode(keys.exported, [negotiate, bytes, message]);
    return {
      message: serverTime === undefined ? message : withMic(message, mic),
      session: hasFlags(flags, 'sign', 'seal', 'strength128', 'keyExchange')
        ? createNtlmSession(keys.exported, 'client')
        : undefined,
    };
  }

  return { negotiate: () => negotiate, authenticate };
}

/** What both sides can do. Without extended session security a server knows no NTLMv2 worth the name. */
function agreed({ flags }: ChallengeMessage): number {
  if (!hasFlags(flags, 'unicode', 'extendedSessionSecurity')) {
    throw malformed('the server offers neither Unicode nor extended session security');
  }
  return ((flags & offered) | joinFlags('targetInfo')) >>> 0;
}

/**
 * The pairs of the server and ours (MS-NLMP 3.1.5.1.2). A channel binding of zeros says that there is no
 * channel. The MIC is promised exactly where a time came: servers without one do not look for it.
 */
function ourTargetInfo(pairs: readonly AvPair[], options: NtlmClientOptions): readonly AvPair[] {
  const { targetName, channelBinding } = options;
  const ours: AvPair[] = [];
  if (avValue(pairs, avId.timestamp) !== undefined) {
    const flags = Buffer.alloc(4);
    flags.writeUInt32LE((avFlags(pairs) | avFlagMic) >>> 0);
    ours.push({ id: avId.flags, value: flags });
  }
  ours.push({
    id: avId.channelBindings,
    value: channelBinding ? channelBindingHash(channelBinding) : Buffer.alloc(16),
  });
  if (targetName !== undefined) {
    ours.push({ id: avId.targetName, value: encodeUnicode(targetName) });
  }
  const replaced = new Set(ours.map(({ id }) => id));
  return [...pairs.filter(({ id }) => !replaced.has(id)), ...ours];
}

/** With a key exchange the session key is ours and travels under the key of the proof. */
function exportedKeys(
  exchangeKey: Buffer,
  flags: number,
  random: (octets: number) => Buffer,
): { readonly exported: Buffer; readonly encrypted: Buffer } {
  const exchanged =
    hasFlags(flags, 'keyExchange') && (hasFlags(flags, 'sign') || hasFlags(flags, 'seal'));
  if (!exchanged) return { exported: exchangeKey, encrypted: Buffer.alloc(0) };
  const exported = random(16);
  return { exported, encrypted: createRc4(exchangeKey)(exported) };
}
