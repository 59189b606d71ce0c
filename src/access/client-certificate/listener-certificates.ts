import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { peerAddress } from '../peer-address.js';
import {
  judgeCertificate,
  type CertificateRule,
  type CertificateVerdict,
} from './certificate-gate.js';
import { forwardedCertificate, type ForwardedCertificateOptions } from './forwarded-certificate.js';
import { noCertificateIsAskedFor, type PresentedCertificate } from './presented-certificate.js';
import { tlsCertificate } from './tls-certificate.js';

/** Where a listener takes certificates from. */
export interface ListenerCertificatesOptions {
  /** True where the TLS handshake asks for one. */
  readonly tls: boolean;
  /** With it the TLS handshake tells who the proxy is, and a header who the client is. */
  readonly forwarded: ForwardedCertificateOptions | undefined;
  /** What the handshake of every connection must show, whatever is asked for on it. */
  readonly connection: CertificateRule | undefined;
}

export interface ListenerCertificates {
  /** The certificate of the client. */
  of(request: IncomingMessage): PresentedCertificate;
  /** Undefined where connections need none. */
  judgeConnection(request: IncomingMessage): Promise<CertificateVerdict> | undefined;
}

export function createListenerCertificates(
  options: ListenerCertificatesOptions,
): ListenerCertificates {
  const { connection } = options;
  // A connection shows its certificate once: renegotiation is off.
  const shown = new WeakMap<Socket, PresentedCertificate>();
  function handshake(socket: Socket): PresentedCertificate {
    if (!options.tls) return noCertificateIsAskedFor;
    const known = shown.get(socket);
    if (known) return known;
    const certificate = tlsCertificate(socket);
    shown.set(socket, certificate);
    return certificate;
  }
  return {
    of: ({ socket, rawHeaders }) =>
      clientCertificate(options, {
        handshake: () => handshake(socket),
        peer: socket.remoteAddress,
        rawHeaders,
      }),
    judgeConnection: ({ socket }) => connection && judgeCertificate(connection, handshake(socket)),
  };
}

/** The same for a request that is only thought of. */
export function clientCertificate(
  { forwarded }: Pick<ListenerCertificatesOptions, 'forwarded'>,
  approach: {
    readonly handshake: () => PresentedCertificate;
    readonly peer: string | undefined;
    readonly rawHeaders: readonly string[];
  },
): PresentedCertificate {
  if (!forwarded) return approach.handshake();
  const { peer, rawHeaders } = approach;
  return forwardedCertificate(forwarded, { peer: peerAddress(peer), rawHeaders });
}

export const noCertificates: ListenerCertificates = {
  of: () => noCertificateIsAskedFor,
  judgeConnection: () => undefined,
};
