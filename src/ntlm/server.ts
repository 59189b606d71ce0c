/** The server's part of NTLMv2 (MS-NLMP 3.2), for accounts whose NT hash is at hand. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import {
  noMic,
  parseAuthenticate,
  withMic,
  type AuthenticateMessage,
} from './authenticate-message.js';
import { avFlagMic, avFlags, avId, avValue, type AvPair } from './av-pairs.js';
import { encodeChallenge } from './challenge-message.js';
import { channelBindingHash } from './channel-binding/index.js';
import { encodeUnicode } from './message.js';
import { hasFlags, joinFlags } from './negotiate-flags.js';
import { parseNegotiate } from './negotiate-message.js';
import {
  fileTime,
  messageIntegrityCode,
  ntProof,
  parseNtlmV2Response,
  responseKey,
  sessionBaseKey,
  type NtHash,
  type NtlmV2Response,
} from './ntlmv2.js';
import { createRc4 } from './rc4.js';
import { createNtlmSession, type NtlmSession } from './session.js';

export interface NtlmServer {
  /**
   * Answers a NEGOTIATE.
   * @throws GatewayError `ntlm.malformed`
   */
  challenge(negotiate: Buffer): NtlmHandshake;
}

/** Good for one AUTHENTICATE: the caller forgets it with the first one, right or wrong. */
export interface NtlmHandshake {
  /** CHALLENGE to send. */
  readonly message: Buffer;
  /** @throws GatewayError `ntlm.malformed`, also for what is no NTLMv2 */
  claim(authenticate: Buffer): NtlmClaim;
}

/** Somebody says who they are; nothing is proved yet. */
export interface NtlmClaim {
  readonly user: string;
  readonly domain: string;
  readonly workstation: string;
  judge(expected: NtlmExpectation): NtlmVerdict;
}

interface NtlmExpectation {
  /** Of the account. For an account that is not there: some random octets, so that it takes as long. */
  readonly ntHash: NtHash;
  /** Refuse clients that announce no MIC (MsvAvFlags); one that is announced must always be right. */
  readonly micRequired: boolean;
  readonly channel: NtlmChannel;
}

/** What the client's channel binding is compared with. */
export type NtlmChannel =
  /** No TLS: a client that names a TLS channel talks to somebody else, who relays. */
  | { readonly kind: 'plain' }
  /** TLS ends at a proxy, whose certificate is not known here: nothing to compare with. */
  | { readonly kind: 'elsewhere' }
  | {
      readonly kind: 'tls';
      /** As of `tlsServerEndPoint`. */
      readonly applicationData: Buffer;
      /** False: a client that names no channel is let in. */
      readonly required: boolean;
    };

type NtlmVerdict =
  | { readonly kind: 'proved'; readonly session: NtlmSession | undefined }
  | { readonly kind: 'refused'; readonly fault: NtlmFault };

/** The first of these that is so. Only `proof` says something about the password. */
export type NtlmFault =
  'proof' | 'challenge-altered' | 'mic-missing' | 'mic-wrong' | 'binding-missing' | 'binding-wrong';

const understood = joinFlags(
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
const always = joinFlags(
  'unicode',
  'ntlm',
  'targetTypeServer',
  'extendedSessionSecurity',
  'targetInfo',
  'version',
);

export function createNtlmServer(options: {
  /** DNS name of this server; its first label in capitals becomes the NetBIOS name. */
  readonly host: string;
  readonly clock?: () => Date;
  readonly random?: (octets: number) => Buffer;
}): NtlmServer {
  const { host, clock = () => new Date(), random = randomBytes } = options;
  const computer = netBiosName(host);

  return {
    challenge(negotiate) {
      const { flags } = parseNegotiate(negotiate);
      const serverChallenge = random(8);
      const targetInfo = serverTargetInfo(computer, host, clock());
      const message = encodeChallenge({
        flags: ((flags & understood) | always) >>> 0,
        serverChallenge,
        targetName: computer,
        targetInfo,
      });
      return {
        message,
        claim(authenticate) {
          const parsed = parseAuthenticate(authenticate);
          const response = parseNtlmV2Response(parsed.ntResponse);
          const flagsOfClient = avFlags(response.targetInfo);
          return {
            user: parsed.user,
            domain: parsed.domain,
            workstation: parsed.workstation,
            judge: (expected) =>
              judge({
                messages: [negotiate, message, authenticate],
                serverChallenge,
                targetInfo,
                parsed,
                response,
                announcesMic: (flagsOfClient & avFlagMic) !== 0,
                expected,
              }),
          };
        },
      };
    },
  };
}

/** A server of no domain is its own domain (MS-NLMP 3.2.5.1.1). */
function serverTargetInfo(computer: string, host: string, now: Date): readonly AvPair[] {
  const time = Buffer.alloc(8);
  time.writeBigUInt64LE(fileTime(now));
  return [
    { id: avId.domainName, value: encodeUnicode(computer) },
    { id: avId.computerName, value: encodeUnicode(computer) },
    { id: avId.dnsDomainName, value: encodeUnicode(host) },
    { id: avId.dnsComputerName, value: encodeUnicode(host) },
    { id: avId.timestamp, value: time },
  ];
}

function netBiosName(host: string): string {
  const [label = ''] = host.split('.');
  return (
    label
      .replace(/[^A-Za-z0-9-]/g, '')
      .slice(0, 15)
      .toUpperCase() || 'GATEWAY'
  );
}

interface Evidence {
  readonly messages: readonly [negotiate: Buffer, challenge: Buffer, authenticate: Buffer];
  readonly serverChallenge: Buffer;
  readonly targetInfo: readonly AvPair[];
  readonly parsed: AuthenticateMessage;
  readonly response: NtlmV2Response;
  readonly announcesMic: boolean;
  readonly expected: NtlmExpectation;
}

/** All is computed before anything is decided, so that every refusal takes as long. */
function judge(evidence: Evidence): NtlmVerdict {
  const { parsed, response, expected, serverChallenge, messages } = evidence;
  const key = responseKey(expected.ntHash, parsed.user, parsed.domain);
  const proof = ntProof(key, serverChallenge, response.encoded);
  const sessionKey = exportedKey(sessionBaseKey(key, proof), parsed);
  const [negotiate, challenge, authenticate] = messages;
  const blanked = parsed.mic === undefined ? authenticate : withMic(authenticate, noMic);
  const mic = messageIntegrityCode(sessionKey, [negotiate, challenge, blanked]);
  const fault =
    (timingSafeEqual(proof, response.proof) ? undefined : 'proof') ??
    echoFault(evidence) ??
    micFault(evidence, mic) ??
    bindingFault(evidence);
  if (fault !== undefined) return { kind: 'refused', fault };
  const keyed = hasFlags(parsed.flags, 'sign', 'seal', 'strength128', 'keyExchange');
  return {
    kind: 'proved',
    session: keyed ? createNtlmSession(sessionKey, 'server') : undefined,
  };
}

function exportedKey(
  exchangeKey: Buffer,
  { flags, encryptedSessionKey }: AuthenticateMessage,
): Buffer {
  const exchanged = hasFlags(flags, 'keyExchange') && encryptedSessionKey.length === 16;
  return exchanged ? createRc4(exchangeKey)(encryptedSessionKey) : exchangeKey;
}

/**
 * Every pair that we sent stands under the client's proof. Where one is missing, somebody between us took
 * it out: the time, for example, so that the client promises no MIC (CVE-2019-1040).
 */
function echoFault({ targetInfo, response }: Evidence): NtlmFault | undefined {
  const echoed = targetInfo.every(({ id, value }) => {
    const theirs = avValue(response.targetInfo, id);
    return theirs !== undefined && theirs.equals(value);
  });
  return echoed ? undefined : 'challenge-altered';
}

function micFault(
  { announcesMic, parsed, expected }: Evidence,
  mic: Buffer,
): NtlmFault | undefined {
  if (!announcesMic) return expected.micRequired ? 'mic-missing' : undefined;
  if (parsed.mic === undefined) return 'mic-missing';
  return timingSafeEqual(mic, parsed.mic) ? undefined : 'mic-wrong';
}

function bindingFault({ response, expected: { channel } }: Evidence): NtlmFault | undefined {
  if (channel.kind === 'elsewhere') return undefined;
  const named = avValue(response.targetInfo, avId.channelBindings);
  const isNamed = named !== undefined && !named.equals(Buffer.alloc(16));
  if (channel.kind === 'plain') return isNamed ? 'binding-wrong' : undefined;
  if (!isNamed) return channel.required ? 'binding-missing' : undefined;
  return named.equals(channelBindingHash(channel.applicationData)) ? undefined : 'binding-wrong';
}
