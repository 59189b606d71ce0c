/** What the doctor looks at outside of this process. Nothing here signs in, and nothing throws for a server. */
import type { WebTls } from '../web-client/index.js';
import type { Certificate } from '../x509/index.js';

export interface World {
  readonly clock: () => Date;
  /** Addresses of a name. */
  lookUp(host: string): Promise<Outcome<{ readonly addresses: readonly string[] }>>;
  /** Whether somebody takes a TCP connection. */
  connect(host: string, port: number): Promise<Outcome<object>>;
  /** A TLS handshake as the gateway makes it, except that every certificate is looked at. */
  shakeHands(host: string, port: number, tls: WebTls): Promise<Outcome<Handshake>>;
  /** A GET without a sign-in; whose certificate that is was checked before. */
  ask(url: URL, tls: WebTls): Promise<Outcome<WebAnswer>>;
  /** What anybody may fetch, such as a CRL; follows redirects. */
  download(url: URL): Promise<Outcome<{ readonly status: number; readonly body: Buffer }>>;
  /** Where the endpoint mapper of a host says that the CA service listens. */
  mappedPort(host: string): Promise<Outcome<{ readonly port: number }>>;
}

/** `reason` completes "it failed: …". */
export type Outcome<T> =
  ({ readonly kind: 'done' } & T) | { readonly kind: 'failed'; readonly reason: string };

export interface Handshake {
  /** `TLSv1.3`. */
  readonly protocol: string;
  /** As the server sent it, its own first. */
  readonly certificates: readonly Certificate[];
  /** Why the chain is not trusted; undefined: it is. */
  readonly chainFault: string | undefined;
  /** Names of the certificate that are not the one asked for; undefined: it is for that name. */
  readonly otherNames: string | undefined;
}

export interface WebAnswer {
  readonly status: number;
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[];
}
