import type { IncomingMessage } from 'node:http';

/**
 * A body that is announced and held back until the server asks for it. Where it does not, whether the body
 * follows all the same only the caller knows (RFC 9110 §10.1.1): the connection ends with the answer.
 */
export function waitsForContinue({
  httpVersion,
  headers,
}: Pick<IncomingMessage, 'httpVersion' | 'headers'>): boolean {
  return httpVersion === '1.1' && /^100-continue$/i.test(headers.expect ?? '');
}
