import { GatewayError } from '../errors/index.js';

/** @param what a clause; holds nothing of the document */
export function malformed(what: string): GatewayError {
  return new GatewayError('xml.malformed', `The XML cannot be read: ${what}.`);
}
