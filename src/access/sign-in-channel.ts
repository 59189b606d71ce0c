/** What a sign-in that belongs to a connection must know of it. */
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { tlsServerEndPoint } from '../ntlm/channel-binding/index.js';

export interface SignInChannel {
  /**
   * Requests of several clients may come by the connection: a proxy that is known, or one that left its
   * traces. Who signs in here signs in all of them.
   */
  readonly shared: boolean;
  /** It comes straight from the client, as far as can be seen: it may stay signed in. */
  readonly direct: boolean;
  readonly tls: TlsChannel;
}

type TlsChannel =
  | { readonly kind: 'plain' }
  /** TLS, if any, ends at a proxy, whose certificate is not known. */
  | { readonly kind: 'elsewhere' }
  /** `binding` as of `tlsServerEndPoint`: undefined where it is not defined for the certificate. */
  | { readonly kind: 'here'; readonly binding: Buffer | undefined };

/** What is known of a listener. */
export interface ListenerChannel {
  /** It has trusted proxies. */
  readonly behindProxies: boolean;
  /** They speak the PROXY protocol: TLS may pass through them. */
  readonly proxyProtocol: boolean;
  /** The administrator says that no proxy shares a connection among clients. */
  readonly notShared: boolean;
}

export const directListener: ListenerChannel = {
  behindProxies: false,
  proxyProtocol: false,
  notShared: false,
};

/** Fields that only a proxy adds. `Via` every one must (RFC 9110 §7.6.3). */
const proxyTraces = [
  'via',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-real-ip',
] as const;

export function signInChannel(
  { socket, headers }: IncomingMessage,
  { behindProxies, proxyProtocol, notShared }: ListenerChannel,
): SignInChannel {
  const proxied = behindProxies || proxyTraces.some((name) => headers[name] !== undefined);
  return {
    shared: proxied && !notShared,
    direct: !proxied,
    tls: tlsChannel(socket, proxied, behindProxies && !proxyProtocol),
  };
}

/** @param endsAtProxy by configuration: a header, which anybody can send, must not turn the check off */
function tlsChannel(
  socket: IncomingMessage['socket'],
  proxied: boolean,
  endsAtProxy: boolean,
): TlsChannel {
  if (!(socket instanceof TLSSocket)) return { kind: proxied ? 'elsewhere' : 'plain' };
  if (endsAtProxy) return { kind: 'elsewhere' };
  const own = socket.getCertificate();
  const raw = own && 'raw' in own && Buffer.isBuffer(own.raw) ? own.raw : undefined;
  return { kind: 'here', binding: raw && tlsServerEndPoint(raw) };
}
