/** Who is calling: the client's address, perhaps through proxies, and how it signs in. */
import type { IncomingMessage } from 'node:http';
import type { IpAddress } from '../address/index.js';
import type { NtHash } from '../ntlm/index.js';
import type { PresentedCertificate } from './client-certificate/presented-certificate.js';
import type { SignInChannel } from './sign-in-channel.js';

export type ClientAddress = IpAddress;

/** Where a request comes from, and how that was found. */
export interface ClientOrigin {
  /** `undetermined`: it came through a trusted proxy that did not say from whom. */
  readonly kind: 'determined' | 'undetermined';
  /** The client; of an undetermined origin the peer, good for the log and for counting only. */
  readonly address: ClientAddress;
  /** What was looked at, in order, in words. */
  readonly steps: readonly string[];
}

export type ClientAddressResolver = (request: IncomingMessage) => ClientOrigin;

export const roles = ['admin', 'challenge', 'read', 'approve', 'revoke'] as const;

export type Role = (typeof roles)[number];

export interface Principal {
  /** Account name as configured; domain parts of the sign-in are dropped. */
  readonly account: string;
  readonly roles: readonly Role[];
  readonly quota: number;
  /** Profiles it may fetch challenges for; undefined is all. */
  readonly profiles: readonly string[] | undefined;
  readonly scheme: 'basic' | 'negotiate' | 'ntlm' | 'token' | 'certificate';
}

export type AuthenticationOutcome =
  | {
      readonly kind: 'authenticated';
      readonly principal: Principal;
      /** `WWW-Authenticate` value that goes with the answer: the last token of SPNEGO (RFC 4559 §5). */
      readonly completion?: string | undefined;
    }
  /** A sign-in of several legs: answer 401 with this `WWW-Authenticate` value alone. */
  | { readonly kind: 'continue'; readonly challenge: string }
  /** No credentials: answer 401 with the challenges of every scheme that is on. */
  | { readonly kind: 'missing' }
  /**
   * Wrong ones: the same answer. `account` is named only when there is such an account, because a
   * password typed into the name field must not reach the log. `reason` is for the audit trail.
   */
  | {
      readonly kind: 'wrong';
      readonly account: string | undefined;
      readonly reason?: string | undefined;
    }
  /** Too many failures: the account is locked for a while; the same answer from outside. */
  | {
      readonly kind: 'locked';
      readonly account: string | undefined;
      readonly retryAfterSeconds: number;
      /** True for the failure that closed the account: worth an audit record, unlike its echoes. */
      readonly begins: boolean;
    };

/** Who calls, as far as the connection tells. */
export interface Caller {
  readonly certificate?: PresentedCertificate | undefined;
  readonly channel: SignInChannel;
}

export interface Authenticator {
  /** One `WWW-Authenticate` value; undefined where the scheme is none of HTTP's. */
  readonly challenge: string | undefined;
  /** False where the scheme is not offered by this connection; its credentials are not taken there. */
  isOffered?(channel: SignInChannel): boolean;
  /** Told of every request before it is judged, whoever judges it. */
  heed?(request: IncomingMessage): void;
  /**
   * Undefined when the request carries no credentials of this scheme.
   * @throws GatewayError `http.overload` when too many sign-ins wait for their password check
   */
  authenticate(
    request: IncomingMessage,
    caller: Caller,
  ): Promise<AuthenticationOutcome | undefined>;
}

/** An account as authenticators see it, wherever it is kept. */
export interface Account {
  readonly name: string;
  /** Undefined for an account that signs in otherwise. */
  readonly passwordHash: string | undefined;
  /** Where NTLM is on and the password itself is known. A secret as good as the password. */
  readonly ntHash?: NtHash | undefined;
  readonly roles: readonly Role[];
  readonly quota: number;
  readonly profiles: readonly string[] | undefined;
}

export interface AccountSource {
  /** @param name as `signInName` folds it */
  find(name: string): Promise<Account | undefined>;
}
