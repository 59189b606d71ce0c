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
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const take = (chunk: Buffer): void => {
      length += chunk.length;
      if (length <= limit) {
        chunks.push(chunk);
        return;
      }
      request.off('data', take);
      reject(bodyTooLarge(limit));
    };
    const broken = (): void => {
      reject(new GatewayError('http.message', 'The request body is incomplete.'));
    };
    request
      .on('data', take)
      .once('end', () => {
        resolve(Buffer.concat(chunks));
      })
      .once('error', broken)
      .once('close', broken);
  });
}

export function bodyTooLarge(limit: number): GatewayError {
  return new GatewayError('http.too-large', `The request is larger than ${limit} octets.`);
}
