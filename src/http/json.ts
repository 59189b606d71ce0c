/** What the API reads and answers: JSON. */
import type { Request, Response } from 'express';
import { GatewayError } from '../errors/index.js';
import { sendReply } from './reply.js';

/** JSON must say so: a page in an administrator's browser cannot send it across origins unasked. */
export function jsonBody(request: Request, body: Buffer): unknown {
  if (body.length === 0) return {};
  if (!request.is(['application/json', 'application/*+json'])) {
    throw new GatewayError('http.message', 'The body must be JSON.', {
      mend: 'Send it with `Content-Type: application/json`.',
    });
  }
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new GatewayError('http.message', 'The body is not valid JSON.', { cause });
  }
}

export function forbidden(): GatewayError {
  return new GatewayError('http.forbidden', 'The account has no right to do this.');
}

export function sendJson(response: Response, status: number, value: unknown): void {
  sendReply(response, {
    status,
    contentType: 'application/json',
    body: `${JSON.stringify(value)}\n`,
  });
}
