import type { IncomingMessage, ServerResponse } from 'node:http';
import { GatewayError } from '../errors/index.js';

/** For methods a resource does not have: 405 with what it has (RFC 9110 §15.5.6). */
export function refuseMethod(
  allow: string,
): (request: IncomingMessage, response: ServerResponse) => never {
  return (request, response) => {
    response.setHeader('Allow', allow);
    throw new GatewayError(
      'http.method',
      `The method ${request.method ?? ''} is not for this address.`,
      { mend: `Methods: ${allow}.` },
    );
  };
}
