/**
 * One client for the Windows servers behind the gateway (certsrv, mscep_admin, CES): HTTP/1.1 with a
 * sign-in, and an outcome that says whether a request may have reached the CA.
 */
import type { IncomingHttpHeaders } from 'node:http';

export interface WebClientOptions {
  /** Scheme, host and port that every request goes to, such as `https://ca1.corp.example`; no path. */
  readonly origin: string;
  /**
   * What the gateway can sign in with; empty: with nothing. The strongest that the server offers is used:
   * Negotiate, NTLM, Basic. What a server does not offer is never sent to it.
   */
  readonly credentials: readonly WebCredential[];
  /** Of an https origin. */
  readonly tls?: WebTls;
  readonly limits?: Partial<WebLimits>;
  /** Connections at once; further requests wait for one, which counts in `totalMillis`. Default 4. */
  readonly connections?: number;
  /** Sent as User-Agent; certsrv answers otherwise to what is not `Mozilla/…`. */
  readonly userAgent?: string;
  readonly clock?: () => Date;
  readonly random?: (octets: number) => Buffer;
}

export type WebCredential =
  | {
      readonly kind: 'basic';
      readonly user: string;
      readonly password: string;
      /** Over plain http a password is not sent unless this is true. */
      readonly withoutTls?: boolean;
    }
  | {
      /** NTLMv2 (MS-NLMP); over TLS always with a channel binding. */
      readonly kind: 'ntlm';
      readonly user: string;
      /** NetBIOS or DNS name of the domain; empty for a local account or a `user@domain`. */
      readonly domain: string;
      readonly password: string;
    }
  | {
      /** Kerberos in SPNEGO (RFC 4559). */
      readonly kind: 'negotiate';
      readonly initiators: GssInitiators;
      /** Default `HTTP/<host of the origin>`. */
      readonly spn?: string;
    };

/** Makes the initiator of one security context. */
export interface GssInitiators {
  /** @throws GatewayError when there is no library or no credential */
  create(target: GssTarget): Promise<GssInitiator> | GssInitiator;
}

export interface GssTarget {
  /** Service principal, `HTTP/ca1.corp.example`. */
  readonly spn: string;
  /**
   * Application data of the channel binding (RFC 5929), `tls-server-end-point:` and the hash of the
   * server's certificate; undefined over plain http.
   */
  readonly channelBinding: Buffer | undefined;
}

export interface GssInitiator {
  /**
   * The next token for the acceptor; the first call has none of its tokens. Undefined when the context
   * stands and there is nothing left to send.
   * @throws GatewayError when the context cannot be made
   */
  step(token: Buffer | undefined): Promise<Buffer | undefined> | (Buffer | undefined);
  /** Frees the context; called once, whatever became of it. */
  close(): void;
}

export interface WebTls {
  /** CA certificates to trust instead of those of the system, PEM. */
  readonly ca?: string;
  /**
   * SHA-256 of server certificates, upper-case hex without colons. With pins, chain and name are not
   * looked at: the pin says more.
   */
  readonly pins?: readonly string[];
  readonly clientCertificate?:
    | { readonly pfx: Buffer; readonly passphrase?: string }
    | { readonly certificate: string; readonly key: string; readonly passphrase?: string };
  /**
   * IIS asks for a client certificate by renegotiation where only some paths want one, which TLS 1.3
   * does not have: `TLSv1.2` then.
   */
  readonly maximum?: 'TLSv1.2' | 'TLSv1.3';
}

export interface WebLimits {
  /** For the TCP and TLS handshakes of one connection. Default 10 000. */
  readonly connectMillis: number;
  /** From the last octet of a request to the first of its answer. Default 60 000: policy modules are slow. */
  readonly answerMillis: number;
  /** For all of `send`: waiting, connecting, signing in, answer. Default 90 000. */
  readonly totalMillis: number;
  /** Body of an answer. Default 1 MiB. */
  readonly answerBytes: number;
  /** How long an idle connection is kept. Default 4000: less than Apache's 5 s. */
  readonly idleMillis: number;
}

export interface WebRequest {
  readonly method: 'GET' | 'POST';
  /** Path and query as they go into the request line, `/certsrv/certfnsh.asp`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Withheld until the sign-in is done, where the scheme takes several legs. */
  readonly body?: Buffer;
  readonly signal?: AbortSignal;
}

/** No variant holds a secret; `reason` is a sentence for an administrator. */
export type WebOutcome =
  | {
      /** Any status but a 401 to what we signed in with; redirects are answers and not followed. */
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly body: Buffer;
    }
  | {
      /** The server does not let us in. The request was not carried out. */
      readonly kind: 'login-refused';
      /** Scheme that was refused; undefined when none of ours is offered. */
      readonly scheme: WebScheme | 'client-certificate' | undefined;
      /** What the server offers, in lower case: `negotiate`, `ntlm`, `basic`, … */
      readonly offered: readonly string[];
      readonly reason: string;
    }
  | {
      /** Nothing of the request was sent: it may be sent again. */
      readonly kind: 'unreachable';
      readonly phase: 'waiting' | 'connect' | 'sign-in';
      readonly reason: string;
    }
  | {
      /** The request went out and its answer did not come whole: it may have been carried out. */
      readonly kind: 'unknown';
      readonly phase: 'answer' | 'body';
      readonly reason: string;
    };

export type WebScheme = WebCredential['kind'];

export interface WebClient {
  /** Never rejects for what a server or a network does. An abort gives `unreachable` or `unknown`. */
  send(request: WebRequest): Promise<WebOutcome>;
  /** Cuts every connection off. */
  close(): void;
}
