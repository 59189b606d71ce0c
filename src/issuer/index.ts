/** The Issuer seam and the CAs behind it. */
export {
  attestedBy,
  Authorization,
  type Attested,
  type AuthorizationGround,
} from './authorization.js';
export { demandAuthorization } from './authorization-demand.js';
export type { Authority, MaintenanceShare, Notice } from './authority.js';
export { withTemplate } from './fixed-template.js';
export { frontedAuthority } from './fronted-authority.js';
export { viewAuthority, type AuthorityView } from './local/authority-view.js';
export type {
  CertificateContent,
  IssuanceOutcome,
  IssuanceRequest,
  Issuer,
  Reconciliation,
} from './issuer.js';
export type { RaEnrollment, RaKeeper, RaRequest, RaStatus } from './ra-keeper.js';
export { isRaKeyName } from './local/numbered-keys.js';
export { isFounded, isLocalAuthority, openLocalAuthority } from './local/local-authority.js';
export type {
  ImportedKeyPair,
  LocalAuthority,
  LocalAuthorityOptions,
  LocalAuthoritySettings,
  RolloverStatus,
} from './local/local-authority.types.js';
