/** Who is calling. Today: the socket peer and HTTP Basic or an API token; proxies come behind the same seams. */
import type { IncomingMessage } from 'node:http';

/** Canonical text of an IP address (`net.isIP`), IPv4-mapped IPv6 folded to IPv4. */
export type ClientAddress = string & { readonly __brand: 'ClientAddress' };

export type ClientAddressResolver = (request: IncomingMessage) => ClientAddress;

export type Role = 'admin' | 'challenge' | 'read';

export interface Principal {
  /** Account name as configured; domain parts of the sign-in are dropped. */
  readonly account: string;
  readonly roles: readonly Role[];
  readonly quota: number;
  /** Profiles it may fetch challenges for; undefined is all. */
  readonly profiles: readonly string[] | undefined;
  readonly scheme: 'basic' | 'token';
}

export type AuthenticationOutcome =
  | { readonly kind: 'authenticated'; readonly principal: Principal }
  /** No credentials, or wrong ones: answer 401 with the challenges of every scheme that is on. */
  | { readonly kind: 'unauthenticated'; readonly reason: 'missing' | 'wrong' }
  /** Too many failures: the account is locked for a while; told apart only in the audit record. */
  | { readonly kind: 'locked'; readonly retryAfterSeconds: number };

export interface Authenticator {
  /** One `WWW-Authenticate` value. */
  readonly challenge: string;
  /** Undefined when the request carries no credentials of this scheme. */
  authenticate(
    request: IncomingMessage,
    address: ClientAddress,
  ): Promise<AuthenticationOutcome | undefined>;
}
