/** The gateway with NTLM on, and clients that keep to one connection. */
import { Agent } from 'node:http';
import {
  createAccountSource,
  createBasicAuthenticator,
  createLockout,
  createSignInBrake,
  type Account,
} from '../../src/access/index.js';
import { createNtlmAuthenticator } from '../../src/access/ntlm/index.js';
import { encodeAuthenticate } from '../../src/ntlm/authenticate-message.js';
import { parseChallenge } from '../../src/ntlm/challenge-message.js';
import { encodeClientChallenge, fileTime, ntProof, responseKey } from '../../src/ntlm/ntlmv2.js';
import { createNtlmClient, ntHash, type NtlmClientOptions } from '../../src/ntlm/index.js';
import { send, type Answer } from './client.js';
import { now, startGateway, type Gateway, type GatewayOptions } from './gateway.js';

export const page = '/certsrv/mscep_admin/';
const password = 'pass-mdm';

export interface NtlmGatewayOptions {
  readonly channelBindingRequired?: boolean;
  readonly micRequired?: boolean;
  /** Failures that lock an account. */
  readonly failures?: number;
  /** Failures that stop an address; default: as good as none. */
  readonly stop?: number;
  readonly listener?: GatewayOptions['listener'];
  readonly account?: Partial<Account>;
  readonly clock?: () => Date;
}

/** `mdm` has a password, `hashed` only its hash. */
export async function startNtlmGateway(options: NtlmGatewayOptions = {}): Promise<Gateway> {
  const { failures = 5, stop = 1_000_000, clock = () => now } = options;
  const rest: Omit<Account, 'name'> = {
    passwordHash: undefined,
    roles: ['challenge'],
    quota: 1_000_000,
    profiles: undefined,
  };
  const accounts = createAccountSource({
    settings: { account: () => Promise.resolve(undefined) },
    configured: [
      { name: 'mdm', ...rest, ntHash: ntHash(password), ...options.account },
      { name: 'hashed', ...rest },
    ],
    storedQuota: 10,
  });
  const lockout = createLockout({ failures, seconds: 60 });
  const ntlm = createNtlmAuthenticator({
    accounts,
    lockout,
    channelBindingRequired: options.channelBindingRequired ?? false,
    micRequired: options.micRequired ?? false,
    host: 'scep.corp.example',
    clock,
  });
  const basic = createBasicAuthenticator({ accounts, lockout, clock: () => now });
  return startGateway({
    ...(options.listener && { listener: options.listener }),
    deps: {
      authenticators: { page: [ntlm, basic], api: [ntlm, basic] },
      signInBrake: createSignInBrake(
        { count: stop, seconds: 600 },
        { clock: () => now, pause: () => Promise.resolve() },
      ),
    },
  });
}

/** One connection. */
export interface Line {
  get(authorization?: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  close(): void;
}

export function line(gateway: Gateway, path = page): Line {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    get: (authorization, headers = {}) =>
      send(gateway.listener.port, path, {
        agent,
        headers: { ...headers, ...(authorization !== undefined && { authorization }) },
      }),
    close: () => agent.destroy(),
  };
}

export function ntlmClient(
  who: { user?: string; password?: string } = {},
  options: NtlmClientOptions = {},
) {
  return createNtlmClient(
    { user: who.user ?? 'mdm', domain: 'CORP', password: who.password ?? password },
    { clock: () => now, ...options },
  );
}

/** `NTLM <base64>` */
export function field(message: Buffer, scheme = 'NTLM'): string {
  return `${scheme} ${message.toString('base64')}`;
}

/** The token of the only challenge in an answer. */
export function tokenOf(answer: Answer, scheme = 'NTLM'): Buffer {
  const value = answer.headers['www-authenticate'] ?? '';
  if (answer.status !== 401 || !value.startsWith(`${scheme} `)) {
    throw new Error(`no challenge: ${answer.status} ${value}`);
  }
  return Buffer.from(value.slice(scheme.length + 1), 'base64');
}

/** Both legs on one connection: the last answer. */
export async function signIn(
  on: Line,
  client = ntlmClient(),
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const first = await on.get(field(client.negotiate()), headers);
  return on.get(field(client.authenticate(tokenOf(first)).message), headers);
}

/**
 * AUTHENTICATE as httpntlm 1.8, curl and Go's ntlmssp write it: payload at 72, no MIC, and the target
 * information of the server as it came.
 */
export function authenticateWithoutMic(challenge: Buffer, secret = password): Buffer {
  const { flags, serverChallenge, targetInfo } = parseChallenge(challenge);
  const key = responseKey(ntHash(secret), 'mdm', 'CORP');
  const temp = encodeClientChallenge({
    time: fileTime(now),
    nonce: Buffer.alloc(8, 7),
    targetInfo,
  });
  const whole = encodeAuthenticate({
    flags: flags & 0x3fffffff,
    domain: 'CORP',
    user: 'mdm',
    workstation: 'MDM-1',
    ntResponse: Buffer.concat([ntProof(key, serverChallenge, temp), temp]),
    encryptedSessionKey: Buffer.alloc(0),
  });
  return withoutMicField(whole);
}

/** The payload moves up by the 16 octets of the MIC. */
export function withoutMicField(message: Buffer): Buffer {
  const cut = Buffer.concat([message.subarray(0, 72), message.subarray(88)]);
  for (const at of [12, 20, 28, 36, 44, 52]) {
    cut.writeUInt32LE(cut.readUInt32LE(at + 4) - 16, at + 4);
  }
  return cut;
}

/** NEGOTIATE of httpntlm 1.8, 44 octets with the domain in it; curl's has 32, axios-ntlm's 36. */
export function httpntlmNegotiate(): Buffer {
  const message = Buffer.alloc(44);
  message.write('NTLMSSP\0\x01\0\0\0\x07\xb2\x08\xa2', 'latin1');
  message.writeUInt16LE(4, 16);
  message.writeUInt16LE(4, 18);
  message.writeUInt32LE(40, 20);
  message.writeUInt32LE(40, 28);
  message.write('CORP', 40, 'latin1');
  return message;
}
