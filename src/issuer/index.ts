/** The Issuer seam and the CAs behind it. */
export { Authorization, type AuthorizationGround } from './authorization.js';
export type { CaRollover, RegistrationAuthority } from './registration-authority.js';
export type { CertificateContent, IssuanceOutcome, IssuanceRequest, Issuer } from './issuer.js';
