import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { isGatewayError } from '../../errors/index.js';
import {
  acceptCompleted,
  createNtlmServer,
  wrapChallenge,
  type NtHash,
  type NtlmChannel,
  type NtlmClaim,
  type NtlmFault,
  type NtlmHandshake,
  type NtlmSession,
} from '../../ntlm/index.js';
import type {
  Account,
  AccountSource,
  AuthenticationOutcome,
  Authenticator,
} from '../access.types.js';
import { whileLocked, wrongPassword, type Guessed } from '../locked-account.js';
import type { Lockout } from '../lockout.js';
import { readNtlmCredentials, type NtlmCredentials } from './credentials.js';
import type { SignInChannel } from '../sign-in-channel.js';
import { signInName } from '../sign-in-name.js';

/** An authenticated connection is asked again after so long, whatever travels on it. */
const signedInMillis = 10 * 60_000;

/** What is known of a connection; gone with its socket. */
type State =
  | {
      readonly kind: 'challenged';
      readonly handshake: NtlmHandshake;
      /** The SPNEGO list of mechanisms, where the client sent one. */
      readonly mechanisms: Buffer | undefined;
    }
  | {
      readonly kind: 'signed-in';
      /** As `signInName` folds it. */
      readonly name: string;
      readonly ntHash: NtHash;
      /** Milliseconds since the epoch. */
      readonly until: number;
    };

/**
 * NTLMv2 against accounts whose password is known, bound to the TCP connection (MS-NTHT). As IIS does, a
 * connection that comes straight from the client stays signed in; any other signs in for one request.
 */
export function createNtlmAuthenticator(options: {
  readonly accounts: AccountSource;
  readonly lockout: Lockout;
  /** Refuse clients that send no channel binding, and do not offer NTLM where none can be checked. */
  readonly channelBindingRequired: boolean;
  /** Refuse clients that send no MIC; one that is announced must always be right. */
  readonly micRequired: boolean;
  /** DNS name of the gateway. */
  readonly host: string;
  readonly clock: () => Date;
  readonly random?: (octets: number) => Buffer;
}): Authenticator {
  const { accounts, lockout, channelBindingRequired, micRequired, host, clock } = options;
  const { random = randomBytes } = options;
  const server = createNtlmServer({ host, clock, random });
  const states = new WeakMap<Socket, State>();
  /** No password has it: what accounts that are not there are checked against. */
  const nobody = unmatchable(random);

  function isOffered({ shared, tls }: SignInChannel): boolean {
    const checked = tls.kind === 'here' && tls.binding !== undefined;
    return !shared && (checked || !channelBindingRequired);
  }

  function challenge(
    socket: Socket,
    { scheme, message, wrapping, mechanisms }: NtlmCredentials,
  ): AuthenticationOutcome {
    const handshake = server.challenge(message);
    states.set(socket, { kind: 'challenged', handshake, mechanisms });
    const token = wrapping === 'spnego' ? wrapChallenge(handshake.message) : handshake.message;
    return { kind: 'continue', challenge: `${scheme} ${token.toString('base64')}` };
  }

  async function judge(
    socket: Socket,
    state: Extract<State, { kind: 'challenged' }>,
    credentials: NtlmCredentials,
    channel: SignInChannel,
  ): Promise<AuthenticationOutcome> {
    const claim = state.handshake.claim(credentials.message);
    const name = signInName(claim.user);
    const account = await accounts.find(name);
    const guessed = { name, account };
    const refused = await whileLocked(lockout, guessed);
    if (refused) return refused;
    const verdict = verdictOn(claim, account, channel);
    if (verdict.kind === 'refused' || account?.ntHash === undefined) {
      const fault = verdict.kind === 'refused' ? verdict.fault : 'proof';
      return failed(guessed, fault);
    }
    const completion = completionOf(state, credentials, verdict.session);
    if (completion.kind === 'wrong') return failed(guessed, 'challenge-altered');
    // Guesses that came at once may have locked the account meanwhile.
    const lockedMeanwhile = await whileLocked(lockout, guessed);
    if (lockedMeanwhile) return lockedMeanwhile;
    if (channel.direct) {
      const until = clock().getTime() + signedInMillis;
      states.set(socket, { kind: 'signed-in', name, ntHash: account.ntHash, until });
    }
    return { ...authenticated(account), completion: completion.challenge };
  }

  function verdictOn(claim: NtlmClaim, account: Account | undefined, { tls }: SignInChannel) {
    return claim.judge({
      ntHash: account?.ntHash ?? nobody,
      micRequired,
      channel: expectedChannel(tls, channelBindingRequired),
    });
  }

  /** Only a wrong password locks: who proves the right one and fails otherwise guesses nothing. */
  async function failed(guessed: Guessed, fault: NtlmFault): Promise<AuthenticationOutcome> {
    const reason = `NTLM: ${faultText[fault]}.`;
    if (fault === 'proof') return wrongPassword(lockout, guessed, reason);
    return { kind: 'wrong', account: guessed.account?.name, reason };
  }

  /** A request without credentials on a connection that is signed in: as long as the account is as it was. */
  async function stillSignedIn(
    socket: Socket,
    channel: SignInChannel,
  ): Promise<AuthenticationOutcome | undefined> {
    const state = states.get(socket);
    if (state?.kind !== 'signed-in' || !channel.direct || state.until <= clock().getTime()) {
      states.delete(socket);
      return undefined;
    }
    const account = await accounts.find(state.name);
    if (account?.ntHash?.equals(state.ntHash) === true) return authenticated(account);
    states.delete(socket);
    return undefined;
  }

  async function signIn(
    request: IncomingMessage,
    channel: SignInChannel,
  ): Promise<AuthenticationOutcome | undefined> {
    const { socket, headers } = request;
    if (!isOffered(channel)) {
      // A proxy has shown itself: what it carried before may have been others' too.
      states.delete(socket);
      return undefined;
    }
    if (headers.authorization === undefined) return stillSignedIn(socket, channel);
    const state = states.get(socket);
    // Whatever comes now: a challenge is good for the next request only.
    states.delete(socket);
    const credentials = readNtlmCredentials(headers.authorization);
    if (credentials === undefined) return undefined;
    if (credentials === 'malformed') return malformed;
    try {
      if (credentials.type === 1) return challenge(socket, credentials);
      if (state?.kind !== 'challenged') return outOfOrder;
      return await judge(socket, state, credentials, channel);
    } catch (error) {
      if (isGatewayError(error) && error.code === 'ntlm.malformed') {
        return { ...malformed, reason: `NTLM: ${error.detail ?? error.message}.` };
      }
      throw error;
    }
  }

  return {
    challenge: 'NTLM',
    isOffered,
    // Other credentials end what was signed in, also where nobody asks us about them (Kerberos).
    heed({ socket, headers }) {
      const { authorization } = headers;
      if (authorization !== undefined && !readNtlmCredentials(authorization)) states.delete(socket);
    },
    authenticate: (request, { channel }) => signIn(request, channel),
  };
}

const malformed = {
  kind: 'wrong',
  account: undefined,
  reason: 'NTLM: the message cannot be read.',
} as const;

const outOfOrder: AuthenticationOutcome = {
  kind: 'wrong',
  account: undefined,
  reason: 'NTLM: an answer to no challenge of this connection.',
};

const faultText: Readonly<Record<NtlmFault, string>> = {
  proof: 'wrong account or password',
  'challenge-altered': 'the challenge was altered on its way',
  'mic-missing': 'the client sends no MIC',
  'mic-wrong': 'the MIC is wrong: a message was altered on its way',
  'binding-missing': 'the client sends no channel binding',
  'binding-wrong':
    'the channel binding is that of another connection: a relay, or TLS ends at a proxy',
};

function unmatchable(random: (octets: number) => Buffer): NtHash {
  return random(16) as NtHash;
}

function expectedChannel(tls: SignInChannel['tls'], required: boolean): NtlmChannel {
  if (tls.kind === 'plain') return { kind: 'plain' };
  if (tls.kind === 'elsewhere' || tls.binding === undefined) return { kind: 'elsewhere' };
  return { kind: 'tls', applicationData: tls.binding, required };
}

type Completion =
  { readonly kind: 'right'; readonly challenge: string | undefined } | { readonly kind: 'wrong' };

/** SPNEGO ends with a token of the server; who sends a MIC over the mechanisms gets one (RFC 4178 §5). */
function completionOf(
  { mechanisms }: Extract<State, { kind: 'challenged' }>,
  { scheme, wrapping, mechanismsMic }: NtlmCredentials,
  session: NtlmSession | undefined,
): Completion {
  if (wrapping === 'none') return { kind: 'right', challenge: undefined };
  if (mechanismsMic && !(mechanisms && session?.verify(mechanisms, mechanismsMic))) {
    return { kind: 'wrong' };
  }
  const mic = mechanismsMic && mechanisms ? session?.sign(mechanisms) : undefined;
  const token = acceptCompleted(mic).toString('base64');
  return { kind: 'right', challenge: `${scheme} ${token}` };
}

function authenticated({
  name,
  roles,
  quota,
  profiles,
}: Account): Extract<AuthenticationOutcome, { kind: 'authenticated' }> {
  return {
    kind: 'authenticated',
    principal: { account: name, roles, quota, profiles, scheme: 'ntlm' },
  };
}
