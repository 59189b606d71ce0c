import type { RequestListener, Server } from 'node:http';

/** Of one request; real ones have a tenth of it. */
const mostFields = 200;

/**
 * Node keeps the first so many header fields and drops the rest without a word: a client that fills the
 * places up would cut off what a proxy appends behind its own words.
 */
export function countHeaders(server: Pick<Server, 'maxHeadersCount'>): void {
  server.maxHeadersCount = mostFields + 1;
}

/** Hands on what has not too many; the rest is answered 431, and nobody learns of it but the log. */
export function withFewHeaders(
  handle: RequestListener,
  refused: (address: string | undefined) => void,
): RequestListener {
  return (request, response) => {
    if (request.rawHeaders.length / 2 <= mostFields) {
      handle(request, response);
      return;
    }
    refused(request.socket.remoteAddress);
    response.shouldKeepAlive = false;
    response
      .writeHead(431, { 'Content-Type': 'text/plain', 'X-Content-Type-Options': 'nosniff' })
      .end('431 Request Header Fields Too Large\n');
  };
}
