/** Who is calling: client address, administrator authentication, lock-out. */
export type {
  AuthenticationOutcome,
  Authenticator,
  ClientAddress,
  ClientAddressResolver,
  Principal,
  Role,
} from './access.types.js';
