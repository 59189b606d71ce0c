/** Who is calling and may: client address, allow lists, rate limits, administrator authentication, lock-out. */
export type {
  Account,
  AccountSource,
  AuthenticationOutcome,
  Authenticator,
  Caller,
  ClientAddress,
  ClientAddressResolver,
  ClientOrigin,
  Principal,
  Role,
} from './access.types.js';
export { roles } from './access.types.js';
export { openAddressLists, type AddressListNotice, type AddressLists } from './address-lists.js';
export { createAddressRules, type AddressRule, type AddressRules } from './address-rules.js';
export { createAllowLists, openToAll, type AllowLists, type RouteGroup } from './allow-lists.js';
export { createAccountSource } from './account-source.js';
export { apiTokenDigest, newApiToken } from './api-token.js';
export { authenticate } from './authenticate.js';
export { callerKey } from './caller-key.js';
export { createBasicAuthenticator } from './basic-authenticator.js';
export {
  createCertificateAuthenticator,
  matchBinding,
  type CertificateBinding,
} from './certificate-authenticator.js';
export { certificateForm } from './client-certificate/certificate-form.js';
export {
  createCertificateGate,
  judgeCertificate,
  noCertificateNeeded,
  type CertificateGate,
  type CertificateRule,
} from './client-certificate/certificate-gate.js';
export { parseCertificateName } from './client-certificate/certificate-name.js';
export {
  clientCertificate,
  createListenerCertificates,
  noCertificates,
  type ListenerCertificates,
  type ListenerCertificatesOptions,
} from './client-certificate/listener-certificates.js';
export type { PresentedCertificate } from './client-certificate/presented-certificate.js';
export { readRevocationList, type RevocationList } from './client-certificate/revocation.js';
export { createTrustList, isAnchor, type TrustList } from './client-certificate/trust-list.js';
export {
  createClientAddress,
  originOf,
  originText,
  socketPeerAddress,
  type AddressSource,
  type ClientAddressOptions,
} from './client-address.js';
export {
  createDirectoryAccounts,
  directoryRights,
  type DirectoryAccounts,
} from './directory-accounts.js';
export { createLockout } from './lockout.js';
export { peerAddress } from './peer-address.js';
export {
  createProxyProtocol,
  type ProxyHeader,
  type ProxyProtocol,
} from './proxy-protocol/proxied-connections.js';
export type { PrincipalAccounts } from './negotiate/authenticator.js';
export {
  createRateLimit,
  createRateLimits,
  type RateLimit,
  type RateLimits,
} from './rate-limit.js';
export { countRefusal } from './refusals.js';
export { hashPassword, verifyPassword } from './password.js';
export { createSignInBrake, type SignInBrake } from './sign-in-brake.js';
export {
  directListener,
  signInChannel,
  type ListenerChannel,
  type SignInChannel,
} from './sign-in-channel.js';
export { createTokenAuthenticator } from './token-authenticator.js';
export { TallyExchange, type OpenTallyBook } from './tally-exchange.js';
