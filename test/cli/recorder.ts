import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What went past: the message of a PKIOperation as it was sent, and the answer. */
interface Exchange {
  readonly method: string;
  /** Of a GET, the whole URL. */
  readonly url: string;
  readonly request: Buffer;
  readonly reply: Buffer;
}

export interface Recorder {
  readonly url: string;
  /** The last one. */
  last(): Exchange;
  close(): void;
}

/** Stands between a client and a gateway and keeps what they say to each other. */
export async function startRecorder(target: string): Promise<Recorder> {
  const exchanges: Exchange[] = [];
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const parts: Buffer[] = [];
      for await (const part of incoming as AsyncIterable<Buffer>) parts.push(part);
      const request = Buffer.concat(parts);
      const { method = 'GET', url = '/' } = incoming;
      const answer = await fetch(target + url, {
        method,
        headers: { 'Content-Type': 'application/x-pki-message' },
        ...(method === 'POST' && { body: Uint8Array.from(request) }),
      });
      const reply = Buffer.from(await answer.arrayBuffer());
      if (url.includes('PKIOperation')) {
        exchanges.push({ method, url: target + url, request, reply });
      }
      outgoing.writeHead(answer.status, {
        'Content-Type': answer.headers.get('content-type') ?? '',
      });
      outgoing.end(reply);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    last: () => {
      const exchange = exchanges.at(-1);
      if (!exchange) throw new Error('nothing was recorded');
      return exchange;
    },
    close: () => server.close(),
  };
}
