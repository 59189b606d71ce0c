import { constants } from 'node:crypto';
import type { RequestListener, ServerOptions } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { SecureContextOptions } from 'node:tls';

/** What a listener shows of itself. A secret: never log. */
export interface TlsIdentity {
  /** PEM, the listener's own certificate first. */
  readonly certificateChain: string;
  /** PEM, not encrypted. */
  readonly privateKey: string;
}

export interface ListenerTls {
  readonly identity: TlsIdentity;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** The handshake asks for a certificate; whoever has none is served all the same. */
  readonly asksForCertificate: boolean;
  /** After so long without an end the handshake is cut off. */
  readonly handshakeMillis: number;
}

interface TlsServer {
  readonly server: Server;
  renewIdentity(identity: TlsIdentity): void;
}

export function createTlsServer(
  httpOptions: ServerOptions,
  tls: ListenerTls,
  handle: RequestListener,
): TlsServer {
  const server = createServer(
    {
      ...httpOptions,
      ...secureContext(tls, tls.identity),
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: tls.handshakeMillis,
      // Our own code judges certificates. No CA is named to clients: Windows would show none of another CA,
      // and a pinned certificate may have any.
      requestCert: tls.asksForCertificate,
      rejectUnauthorized: false,
    },
    handle,
  );
  return {
    server,
    renewIdentity: (identity) => server.setSecureContext(secureContext(tls, identity)),
  };
}

/**
 * Without renegotiation, so that a connection has one certificate for its life. Without tickets where
 * certificates are asked for: a resumed session remembers the leaf, but not what came with it.
 */
function secureContext(
  { minVersion, asksForCertificate }: ListenerTls,
  { certificateChain, privateKey }: TlsIdentity,
): SecureContextOptions {
  return {
    cert: certificateChain,
    key: privateKey,
    minVersion,
    secureOptions:
      constants.SSL_OP_NO_RENEGOTIATION | (asksForCertificate ? constants.SSL_OP_NO_TICKET : 0),
  };
}

/** The handshake failed: there is nobody to answer in HTTP. */
export function isTlsFault({ code = '' }: NodeJS.ErrnoException): boolean {
  return code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_');
}
