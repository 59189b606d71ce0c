import { Authorization, authorizationMint, type AuthorizationGround } from './authorization.js';

/** Makes an Authorization. Imported only by the authorizers of `src/enrollment` (architecture rule). */
export function mintAuthorization(
  transaction: string,
  keyId: string,
  ground: AuthorizationGround,
): Authorization {
  return new Authorization(authorizationMint, transaction, keyId, ground);
}
