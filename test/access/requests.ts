import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Caller } from '../../src/access/index.js';

/** By plain HTTP, straight from the client. */
export const caller: Caller = { channel: { shared: false, direct: true, tls: { kind: 'plain' } } };

/** A request that carries nothing but this Authorization field. */
export function requestWith(authorization?: string): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  if (authorization !== undefined) request.headers.authorization = authorization;
  return request;
}

export function basic(credentials: string | Buffer): string {
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}
