import { GatewayError } from '../errors/index.js';
import { Authorization } from './authorization.js';
import type { IssuanceRequest } from './issuer.js';

/**
 * The first line of every issuer's `submit`: the Authorization was made by an authorizer, for this
 * transaction and this key.
 *
 * @throws GatewayError `internal`: whoever calls an issuer without one has a bug
 */
export function demandAuthorization(request: IssuanceRequest, authorization: Authorization): void {
  if (!Authorization.isGenuine(authorization)) throw refused('is not genuine');
  if (authorization.transaction !== request.transaction)
    throw refused('is for another transaction');
  if (authorization.keyId !== request.csr.publicKey.id) throw refused('is for another key');
}

function refused(fault: string): GatewayError {
  return new GatewayError('internal', 'The request was not authorized for issuance.', {
    detail: `the Authorization ${fault}`,
  });
}
