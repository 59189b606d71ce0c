import type { ServerResponse } from 'node:http';

export interface Reply {
  readonly status: number;
  /** Sent exactly so: Express would add a charset, which certmonger and others refuse. */
  readonly contentType: string;
  /** A short one as text: node sends it in one piece with the head, octets behind it. */
  readonly body: Buffer | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Writes a whole answer. To a HEAD, node leaves the body out and keeps its length. */
export function sendReply(response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.status, {
    ...reply.headers,
    'Content-Type': reply.contentType,
    'Content-Length': Buffer.byteLength(reply.body),
  });
  response.end(reply.body);
}
