import { isIP } from 'node:net';
import {
  checkServerIdentity,
  connect,
  type DetailedPeerCertificate,
  type TLSSocket,
} from 'node:tls';
import { networkFault, type WebTls } from '../web-client/index.js';
import { Certificate } from '../x509/index.js';
import type { Handshake, Outcome } from './world.js';

/** Shakes hands with a server and says what it showed, trusted or not. */
export async function handshake(
  host: string,
  port: number,
  { ca, maximum, clientCertificate }: WebTls,
  millis: number,
): Promise<Outcome<Handshake>> {
  const socket = connect({
    host,
    port,
    ...(isIP(host) === 0 && { servername: host }),
    ...(ca !== undefined && { ca }),
    ...(maximum && { maxVersion: maximum }),
    ...(clientCertificate &&
      'key' in clientCertificate && {
        cert: clientCertificate.certificate,
        key: clientCertificate.key,
      }),
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: false,
    // The name is judged on its own, below.
    checkServerIdentity: () => undefined,
  });
  try {
    await shaken(socket, millis);
    return { kind: 'done', ...shown(socket, host) };
  } catch (error) {
    return { kind: 'failed', reason: error instanceof Late ? error.message : networkFault(error) };
  } finally {
    socket.destroy();
  }
}

class Late extends Error {}

function shaken(socket: TLSSocket, millis: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = new Late(`no TLS handshake within ${millis / 1000} s`);
    const timer = setTimeout(() => socket.destroy(late), millis);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.on('error', (error: Error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

function shown(socket: TLSSocket, host: string): Handshake {
  const peer = socket.getPeerCertificate(true);
  const fault = checkServerIdentity(host, peer);
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    certificates: sent(peer),
    chainFault: socket.authorized ? undefined : networkFault({ code: codeOf(socket) }),
    otherNames: fault === undefined ? undefined : namesOf(peer),
  };
}

/** Node says a code here, whatever its types say. */
function codeOf({ authorizationError }: TLSSocket): string {
  const error: unknown = authorizationError;
  if (typeof error === 'object' && error !== null && 'code' in error) return String(error.code);
  return String(error);
}

const mostCertificates = 10;

/** The last one of a chain names itself as its issuer. */
function sent(leaf: DetailedPeerCertificate): Certificate[] {
  const certificates: Certificate[] = [];
  let next: DetailedPeerCertificate | undefined = leaf;
  while (next !== undefined && certificates.length < mostCertificates) {
    certificates.push(Certificate.fromDer(next.raw));
    const above: DetailedPeerCertificate | undefined = next.issuerCertificate;
    next = above === next ? undefined : above;
  }
  return certificates;
}

function namesOf({ subjectaltname, subject }: DetailedPeerCertificate): string {
  return subjectaltname ?? `CN ${String(subject.CN)}`;
}
