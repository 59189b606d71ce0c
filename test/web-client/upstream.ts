/** A Windows web server, played: logs every request with the connection it came on, and signs in by NTLM. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { TlsOptions } from 'node:tls';
import {
  createNtlmServer,
  ntHash,
  type NtlmChannel,
  type NtlmHandshake,
} from '../../src/ntlm/index.js';
import { toPem } from '../../src/x509/index.js';
import { selfSigned } from '../support/certificates.js';
import { testKey, testKeyObject } from '../support/keys.js';

interface Seen {
  readonly connection: number;
  readonly method: string;
  readonly url: string;
  /** Scheme of the Authorization field, or `none`. */
  readonly scheme: string;
  readonly body: string;
}

export interface Upstream {
  readonly port: number;
  readonly origin: string;
  readonly seen: Seen[];
  close(): Promise<void>;
}

export type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
) => void | Promise<void>;

export async function startUpstream(handler: Handler, tls?: TlsOptions): Promise<Upstream> {
  const seen: Seen[] = [];
  const connections = new Map<Socket, number>();
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const connection = connections.get(request.socket) ?? connections.size + 1;
    connections.set(request.socket, connection);
    void buffer(request).then((body) => {
      const { method = '', url = '', headers } = request;
      const [scheme = ''] = (headers.authorization ?? 'none').split(' ');
      seen.push({ connection, method, url, scheme, body: body.toString('latin1') });
      return handler(request, response, body);
    });
  };
  const server: Server = tls ? createTlsServer(tls, listener) : createServer(listener);
  // A handshake that fails is seen by the client.
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function offer(response: ServerResponse, ...challenges: string[]): void {
  response.writeHead(401, { 'WWW-Authenticate': challenges }).end('no');
}

/** Signs in `LAB\svc` by NTLM and keeps it signed in on its connection, as IIS does. */
export function ntlmHandler(
  inside: Handler,
  {
    scheme = 'NTLM',
    channel = { kind: 'plain' },
    password = 'right',
  }: { scheme?: string; channel?: NtlmChannel; password?: string } = {},
): Handler {
  const server = createNtlmServer({ host: 'ca1.lab.test' });
  const handshakes = new WeakMap<Socket, NtlmHandshake>();
  const signedIn = new WeakSet<Socket>();
  return (request, response, body) => {
    const [name = '', token = ''] = (request.headers.authorization ?? '').split(' ');
    if (signedIn.has(request.socket) && name === '') return inside(request, response, body);
    if (name !== scheme) {
      offer(response, scheme);
      return;
    }
    const message = Buffer.from(token, 'base64');
    const handshake = handshakes.get(request.socket);
    handshakes.delete(request.socket);
    if (!handshake) {
      const started = server.challenge(message);
      handshakes.set(request.socket, started);
      offer(response, `${scheme} ${started.message.toString('base64')}`);
      return;
    }
    const claim = handshake.claim(message);
    const verdict = claim.judge({ ntHash: ntHash(password), micRequired: true, channel });
    if (verdict.kind === 'refused' || claim.user !== 'svc' || claim.domain !== 'LAB') {
      offer(response, scheme);
      return;
    }
    signedIn.add(request.socket);
    return inside(request, response, body);
  };
}

/** A certificate of its own for 127.0.0.1, and what pins and binds it. */
export async function tlsIdentity() {
  const certificate = await selfSigned(testKey('client-p-256'), { subject: 'CN=127.0.0.1' });
  const cert = toPem('CERTIFICATE', certificate.der);
  const key = testKeyObject('client-p-256').export({ type: 'pkcs8', format: 'pem' });
  return { certificate, options: { cert, key } };
}
