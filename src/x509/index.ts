/** Certificates, CSRs, names, extensions, thumbprints and CRLs as values. */
export {
  Certificate,
  serialFromBytes,
  type SerialNumber,
  type Thumbprints,
} from './certificate.js';
export {
  csrAttributeOids,
  parseCertificationRequest,
  type CertificationRequest,
  type CsrAttribute,
} from './certification-request.js';
export {
  extendedKeyUsages,
  extensionOids,
  keyUsageBits,
  type Extension,
  type KeyUsage,
} from './extension.js';
export { readExtensions, writeExtensions } from './extension-list.js';
export type { DecryptionKey, RsaKey, SignatureDigest, SigningKey } from './keys.js';
export { Name, type NameAttribute } from './name.js';
export { algorithmWithNull, keyOids, PublicKey, type EcCurve, type KeyId } from './public-key.js';
