import { Agent, request } from 'node:https';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';

export interface HttpsPostOptions {
  /** `https://…`. */
  readonly url: string;
  /** PEM; public CAs when undefined. */
  readonly ca: string | undefined;
  /** SHA-256 of the server certificate, upper-case hex without colons; besides the chain. Empty: any. */
  readonly pins: readonly string[];
  /** For everything, from the connection to the last octet. */
  readonly timeoutMillis: number;
  readonly connections: number;
}

interface HttpsAnswer {
  readonly status: number;
  readonly body: string;
}

/** Sends a body; follows no redirect. Rejects with an Error that names host, not path: a path may hold a token. */
export type HttpsPost = (
  headers: Readonly<Record<string, string>>,
  body: string,
) => Promise<HttpsAnswer>;

const largestAnswer = 64 * 1024;

export function createHttpsPost(options: HttpsPostOptions): HttpsPost {
  const { url, ca, pins, timeoutMillis, connections } = options;
  const agent = new Agent({
    keepAlive: true,
    maxSockets: connections,
    minVersion: 'TLSv1.2',
    ...(ca !== undefined && { ca }),
    checkServerIdentity: (host: string, certificate: PeerCertificate) =>
      checkServerIdentity(host, certificate) ?? pinMismatch(pins, certificate),
  });
  return (headers, body) =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        url,
        {
          method: 'POST',
          agent,
          signal: AbortSignal.timeout(timeoutMillis),
          headers: {
            ...headers,
            'Content-Type': 'application/json',
            'Content-Length': Buffer.byteLength(body),
            Accept: 'application/json',
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          let length = 0;
          incoming.on('data', (chunk: Buffer) => {
            length += chunk.length;
            chunks.push(chunk);
            if (length > largestAnswer) incoming.destroy(new Error('its answer is too long'));
          });
          incoming.once('error', reject);
          incoming.once('end', () => {
            const answer = Buffer.concat(chunks).toString('utf8');
            resolve({ status: incoming.statusCode ?? 0, body: answer });
          });
        },
      );
      outgoing.once('error', reject);
      outgoing.end(body);
    });
}

function pinMismatch(
  pins: readonly string[],
  { fingerprint256 }: PeerCertificate,
): Error | undefined {
  const thumbprint = fingerprint256.replaceAll(':', '');
  if (pins.length === 0 || pins.includes(thumbprint)) return undefined;
  return new Error(`its certificate ${thumbprint} is not among the pins`);
}
