import type { Request, Response } from 'express';
import { GatewayError } from '../errors/index.js';

/** For methods a resource does not have: 405 with what it has (RFC 9110 §15.5.6). */
export function refuseMethod(allow: string): (request: Request, response: Response) => never {
  return (request, response) => {
    response.setHeader('Allow', allow);
    throw new GatewayError('http.method', `The method ${request.method} is not for this address.`, {
      mend: `Methods: ${allow}.`,
    });
  };
}
