import type { Socket } from 'node:net';
import { TLSSocket, type DetailedPeerCertificate } from 'node:tls';
import { Certificate } from '../../x509/index.js';
import { mostCertificates } from './forwarded-certificate.js';
import type { PresentedCertificate } from './presented-certificate.js';

/**
 * The certificate a client signed the TLS handshake with. OpenSSL's opinion of it is not asked for: the
 * same code judges it that judges forwarded ones.
 */
export function tlsCertificate(socket: Socket): PresentedCertificate {
  if (!(socket instanceof TLSSocket)) return { kind: 'none', steps: ['the connection is not TLS'] };
  const ders = presentedDers(socket);
  const [first, ...rest] = ders;
  if (first === undefined) {
    return { kind: 'none', steps: ['the client showed no certificate in the TLS handshake'] };
  }
  try {
    return {
      kind: 'presented',
      leaf: Certificate.fromDer(first),
      others: rest.map((der) => Certificate.fromDer(der)),
      steps: ['the client showed a certificate in the TLS handshake'],
    };
  } catch {
    return { kind: 'refused', steps: ['the certificate of the TLS handshake cannot be read'] };
  }
}

/** Node hangs each certificate on the one it issued; a self-signed one hangs on itself. */
function presentedDers(socket: TLSSocket): Buffer[] {
  const ders: Buffer[] = [];
  let next: Partial<DetailedPeerCertificate> | null = socket.getPeerCertificate(true);
  const seen = new Set<unknown>();
  while (next?.raw !== undefined && !seen.has(next) && ders.length < mostCertificates) {
    seen.add(next);
    ders.push(next.raw);
    next = next.issuerCertificate ?? null;
  }
  return ders;
}
