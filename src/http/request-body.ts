import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../errors/index.js';

/**
 * Reads a whole request body whatever its Content-Type says: network gear sends none (sscep, strongSwan),
 * a form's, or a made-up one (PyScep). Not `express.raw`, which answers an oversized body only when all
 * of it has come.
 * @throws GatewayError `http.too-large` above `limit` octets, `http.message` for a broken or compressed body
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    throw new GatewayError('http.message', 'A compressed request body is not understood.');
  }
  if (Number(request.headers['content-length'] ?? 0) > limit) throw bodyTooLarge(limit);
  return collect(request, limit);
}

/** What is left of an oversized body, node reads and drops once the answer is out. */
function collect(request: IncomingMessage, limit: number): Promise<Buffer> {
  // Who hung up while something else was waited for: its events are over.
  if (request.destroyed) return Promise.reject(incomplete());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', take).on('end', end).on('error', broken).on('close', broken);

    function take(chunk: Buffer): void {
      length += chunk.length;
      chunks.push(chunk);
      if (length > limit) settle(() => reject(bodyTooLarge(limit)));
    }
    function end(): void {
      settle(() => resolve(Buffer.concat(chunks, length)));
    }
    function broken(): void {
      settle(() => reject(incomplete()));
    }
    function settle(outcome: () => void): void {
      // An 'error' may still follow the abort that 'close' or 'data' ended for us.
      request.off('data', take).off('end', end).off('close', broken);
      outcome();
    }
  });
}

function incomplete(): GatewayError {
  return new GatewayError('http.message', 'The request body is incomplete.');
}

export function bodyTooLarge(limit: number): GatewayError {
  return new GatewayError('http.too-large', `The request is larger than ${limit} octets.`);
}
