import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type {
  ChannelBindingPolicy,
  KerberosAcceptor,
  KerberosAcceptors,
} from '../../kerberos/index.js';
import { readNtlmToken } from '../../ntlm/index.js';
import type { Account, AuthenticationOutcome, Authenticator } from '../access.types.js';
import type { SignInChannel } from '../sign-in-channel.js';

/** Who a Kerberos principal is to the gateway. */
export type PrincipalAccounts = (principal: string) => Promise<PrincipalAccount>;

type PrincipalAccount =
  | { readonly kind: 'account'; readonly account: Account }
  | { readonly kind: 'none'; readonly reason: string };

/**
 * Kerberos in SPNEGO (RFC 4559). Each request carries a ticket of its own and nothing stays signed in, so
 * that a proxy that shares connections shares no sign-in; only the legs of one sign-in belong to their
 * connection. A ticket is no guess: it neither counts for the lock-out nor is stopped by it.
 *
 * NTLM in a Negotiate field is left to the authenticator of NTLM; where that is off, the answer is the
 * 401 that lists what is on.
 */
export function createNegotiateAuthenticator(options: {
  readonly acceptors: KerberosAcceptors;
  readonly channelBinding: ChannelBindingPolicy;
  /** @throws GatewayError `directory.unavailable` */
  readonly accountOf: PrincipalAccounts;
}): Authenticator {
  const { acceptors, channelBinding, accountOf } = options;
  /** Sign-ins that wait for their next leg. */
  const halfway = new WeakMap<Socket, KerberosAcceptor>();

  const watched = new WeakSet<Socket>();

  function take(socket: Socket, channel: SignInChannel): KerberosAcceptor {
    const begun = halfway.get(socket);
    halfway.delete(socket);
    return begun ?? acceptors.create(bindingOf(channel, channelBinding));
  }

  function keep(socket: Socket, acceptor: KerberosAcceptor): void {
    halfway.set(socket, acceptor);
    if (watched.has(socket)) return;
    watched.add(socket);
    socket.once('close', () => abandon(socket));
  }

  function abandon(socket: Socket): void {
    halfway.get(socket)?.close();
    halfway.delete(socket);
  }

  async function signIn(
    { socket }: IncomingMessage,
    token: Buffer,
    channel: SignInChannel,
  ): Promise<AuthenticationOutcome> {
    const acceptor = take(socket, channel);
    const outcome = acceptor.step(token);
    if (outcome.kind === 'continue') {
      keep(socket, acceptor);
      return { kind: 'continue', challenge: challengeWith(outcome.token) };
    }
    acceptor.close();
    if (outcome.kind === 'refused') return wrong(outcome.reason);
    const found = await accountOf(outcome.principal);
    if (found.kind === 'none') return wrong(found.reason);
    const { name, roles, quota, profiles } = found.account;
    return {
      kind: 'authenticated',
      principal: { account: name, roles, quota, profiles, scheme: 'negotiate' },
      completion: outcome.token.length > 0 ? challengeWith(outcome.token) : undefined,
    };
  }

  return {
    challenge: 'Negotiate',
    isOffered: ({ tls }) =>
      channelBinding !== 'required' || (tls.kind === 'here' && tls.binding !== undefined),
    async authenticate(request, { channel }) {
      const token = negotiateToken(request.headers.authorization);
      if (token === undefined || readNtlmToken(token)) {
        abandon(request.socket);
        return undefined;
      }
      return signIn(request, token, channel);
    },
  };
}

/** Four times what a ticket with a large PAC takes. */
const mostCharacters = 88_000;

function negotiateToken(authorization: string | undefined): Buffer | undefined {
  if (authorization === undefined || authorization.length > mostCharacters) return undefined;
  const [, text] = /^\s*negotiate\s+([A-Za-z0-9+/]+={0,2})\s*$/i.exec(authorization) ?? [];
  return text === undefined ? undefined : Buffer.from(text, 'base64');
}

/** Where TLS ends at a proxy, nobody can tell what the client is bound to. */
function bindingOf(
  { tls }: SignInChannel,
  policy: ChannelBindingPolicy,
): { readonly policy: ChannelBindingPolicy; readonly data: Buffer | undefined } {
  const data = tls.kind === 'here' ? tls.binding : undefined;
  return { policy: data === undefined && policy === 'when-sent' ? 'off' : policy, data };
}

function challengeWith(token: Buffer): string {
  return `Negotiate ${token.toString('base64')}`;
}

function wrong(reason: string): AuthenticationOutcome {
  return { kind: 'wrong', account: undefined, reason: `Kerberos: ${reason}` };
}
