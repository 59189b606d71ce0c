/** Who is calling: client address, administrator authentication, lock-out. */
export type {
  Account,
  AccountSource,
  AuthenticationOutcome,
  Authenticator,
  ClientAddress,
  ClientAddressResolver,
  Principal,
  Role,
} from './access.types.js';
export { createAccountSource } from './account-source.js';
export { apiTokenDigest, newApiToken } from './api-token.js';
export { authenticate } from './authenticate.js';
export { createBasicAuthenticator } from './basic-authenticator.js';
export { socketPeerAddress } from './client-address.js';
export { createLockout } from './lockout.js';
export { hashPassword, verifyPassword } from './password.js';
export { createTokenAuthenticator } from './token-authenticator.js';
