import { requireCarriedOut, type UpstreamHttp } from './upstream-http.js';

/**
 * The way to an upstream server in the shape that the SCEP client takes: `fetch`. Faults keep their
 * codes, which tell whether a request may have arrived.
 */
export function fetchThrough(http: UpstreamHttp): typeof fetch {
  return async (input, init) => {
    const { pathname, search } = new URL(input instanceof Request ? input.url : input);
    const body = init?.body;
    const answer = await http.send({
      method: init?.method === 'POST' ? 'POST' : 'GET',
      path: `${pathname}${search}`,
      headers: Object.fromEntries(new Headers(init?.headers)),
      ...(body instanceof Uint8Array && { body: Buffer.from(body) }),
    });
    // An error of the server's own is an answer of no use; anything before that was not carried out.
    const content = answer.status >= 500 ? answer.body : requireCarriedOut(answer);
    return new Response(Uint8Array.from(content), {
      status: answer.status,
      headers: { 'content-type': answer.contentType },
    });
  };
}
