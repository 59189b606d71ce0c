/** An HTTPS server on an ephemeral port of localhost, with a certificate of its own making. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { der } from '../../src/asn1/index.js';
import { toPem, writeSubjectAltNames } from '../../src/x509/index.js';
import { selfSigned } from './certificates.js';
import { testKey, testKeyObject } from './keys.js';

export interface HttpsServer {
  readonly port: number;
  /** PEM of its certificate, which is its own CA. */
  readonly ca: string;
  /** SHA-256 of its certificate, lower-case hex. */
  readonly pin: string;
  close(): Promise<void>;
}

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export async function startHttpsServer(
  handle: (request: Received, response: ServerResponse) => void,
): Promise<HttpsServer> {
  const certificate = await selfSigned(testKey('ra-sign'), {
    subject: 'CN=localhost',
    extensions: [
      writeSubjectAltNames(
        [der.context(2, Buffer.from('localhost')), der.context(7, Buffer.from([127, 0, 0, 1]))],
        false,
      ),
    ],
  });
  const ca = toPem('CERTIFICATE', certificate.der);
  const key = testKeyObject('ra-sign').export({ type: 'pkcs8', format: 'pem' });
  const server = createServer({ cert: ca, key }, (request, response) => {
    const { method, url, headers } = request;
    void text(request).then((body) => handle({ method, url, headers, body }, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    ca,
    pin: certificate.thumbprints.sha256,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
