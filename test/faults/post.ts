/** One POST on a connection of its own; rejects whenever no whole answer comes. */
import { request, type IncomingHttpHeaders } from 'node:http';

export interface Posted {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export function post(url: string, body: Buffer): Promise<Posted> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', agent: false }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('close', () => {
        const { statusCode: status = 0, headers } = incoming;
        if (incoming.complete) resolve({ status, headers, body: Buffer.concat(chunks) });
        else reject(new Error('the answer was cut off'));
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
