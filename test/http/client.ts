/** A client that sends what it is told: `fetch` would tidy up paths, queries and headers. */
import type { Agent } from 'node:http';
import { request, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

export interface Sending {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  readonly agent?: Agent;
  /** The address to come from, such as `127.0.0.2`. */
  readonly localAddress?: string;
}

/** Sends one request; `path` goes into the request line as it is. */
export function send(port: number, path: string, sending: Sending = {}): Promise<Answer> {
  const {
    method = sending.body === undefined ? 'GET' : 'POST',
    headers = {},
    body,
    localAddress,
  } = sending;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method,
        headers,
        agent: sending.agent ?? false,
        ...(localAddress !== undefined && { localAddress }),
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('end', () => {
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            rawHeaders: incoming.rawHeaders,
            body: Buffer.concat(chunks),
          });
        });
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

/** Writes octets to a socket and gives all that comes back until the server closes. */
export async function sendRaw(port: number, octets: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(octets, 'latin1');
  return text(socket);
}

/** The Authorization field of an account of the test gateway. */
export function as(user: string, password = `pass-${user}`): Readonly<Record<string, string>> {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}
