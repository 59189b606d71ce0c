/** certsrv over HTTPS, played: signs in as IIS does, and breaks off where a test wants it to. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import { tlsServerEndPoint } from '../../../src/ntlm/channel-binding/index.js';
import { Certificate, toPem } from '../../../src/x509/index.js';
import { selfSigned } from '../../support/certificates.js';
import { testKey, testKeyObject } from '../../support/keys.js';
import {
  ntlmHandler,
  offer,
  startUpstream,
  tlsIdentity,
  type Handler,
} from '../../web-client/upstream.js';
import type { FakeCa } from './fake-ca.js';
import { certsrvPage } from './pages.js';

export type Scheme = 'basic' | 'ntlm' | 'certificate';

/** Where a connection ends: before the CA heard of the request, after it, or in the middle of the answer. */
export type Cut = 'before' | 'after' | 'middle' | 'hang';

export interface CertsrvServer {
  readonly origin: string;
  /** SHA-256 of its certificate. */
  readonly pin: string;
  /** Undefined: the request is served. */
  cut: (method: string, path: string) => Cut | undefined;
  /** What is asked waits for it. */
  held: Promise<void>;
  /** `POST /certsrv/certfnsh.asp` for each request that reached the pages. */
  readonly served: string[];
  close(): Promise<void>;
}

export const password = 'right';

/** As a configuration of the gateway names it, with the password in `password.txt` beside. */
export function certsrvIssuer({ origin, pin }: CertsrvServer) {
  return {
    kind: 'adcs-webenroll',
    url: `${origin}/certsrv/`,
    authentication: {
      ntlm: { user: 'svc', domain: 'LAB', password: { file: 'password.txt' } },
    },
    tls: { pins: [pin] },
  };
}

/** The account is `LAB\svc`; a client certificate is that of `clientIdentity`. */
export async function startCertsrv(ca: FakeCa, scheme: Scheme): Promise<CertsrvServer> {
  const { certificate, options } = await tlsIdentity();
  const pages: Handler = async (request, response, body) => {
    const [method, target] = [request.method ?? '', request.url ?? ''];
    const cut = server.cut(method, target);
    if (cut === 'hang') return;
    if (cut === 'before') return void request.socket.destroy();
    server.served.push(`${method} ${target}`);
    await server.held;
    const answer = await certsrvPage(ca, {
      method,
      target,
      body,
      userAgent: request.headers['user-agent'] ?? '',
      user: 'LAB\\svc',
    });
    if (cut === 'after') return void request.socket.destroy();
    response.writeHead(answer.status, {
      'content-type': answer.contentType,
      'content-length': answer.body.length,
    });
    if (cut === 'middle') {
      response.write(answer.body.subarray(0, answer.body.length / 2), () =>
        request.socket.destroy(),
      );
      return;
    }
    response.end(answer.body);
  };
  const upstream = await startUpstream(guarded(scheme, pages, certificate), {
    ...options,
    ...(scheme === 'certificate' && {
      requestCert: true,
      rejectUnauthorized: false,
    }),
  });
  const server: CertsrvServer = {
    origin: upstream.origin,
    pin: certificate.thumbprints.sha256,
    cut: () => undefined,
    held: Promise.resolve(),
    served: [],
    close: () => upstream.close(),
  };
  return server;
}

/** The client certificate that the server maps to the account. */
export async function clientIdentity(): Promise<{ certificate: string; key: string }> {
  const certificate = await selfSigned(testKey('client-2'), { subject: 'CN=svc' });
  return {
    certificate: toPem('CERTIFICATE', certificate.der),
    key: testKeyObject('client-2').export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function guarded(scheme: Scheme, inside: Handler, certificate: Certificate): Handler {
  if (scheme === 'ntlm') {
    // Extended Protection = Require.
    const applicationData = tlsServerEndPoint(certificate.der) ?? Buffer.alloc(0);
    return ntlmHandler(inside, {
      password,
      channel: { kind: 'tls', applicationData, required: true },
    });
  }
  const isLetIn = scheme === 'basic' ? knowsPassword : hasCertificate;
  return (request, response, body) => {
    if (isLetIn(request)) return inside(request, response, body);
    refuse(scheme, response);
  };
}

function refuse(scheme: Scheme, response: ServerResponse): void {
  if (scheme === 'basic') offer(response, 'Basic realm="ca1"');
  else response.writeHead(403).end('403.7 - Client certificate required');
}

function knowsPassword({ headers: { authorization = '' } }: IncomingMessage): boolean {
  return authorization === `Basic ${Buffer.from(`LAB\\svc:${password}`).toString('base64')}`;
}

function hasCertificate({ socket }: IncomingMessage): boolean {
  const shown = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  if (shown === undefined) return false;
  return Certificate.fromDer(shown.raw).publicKey.id === testKey('client-2').publicKey.id;
}
