/** Certificates, CSRs, names, extensions, thumbprints and CRLs as values. */
export {
  Certificate,
  serialFromBytes,
  type SerialNumber,
  type Thumbprints,
} from './certificate.js';
export { buildCertificate } from './certificate-writer.js';
export {
  csrAttributeOids,
  parseCertificationRequest,
  type CertificationRequest,
} from './certification-request.js';
export { buildCertificationRequest } from './certification-request-writer.js';
export { orderChain, verifyIssuedBy } from './chain.js';
export { parseCrl } from './crl.js';
export { buildCrl, type RevocationEntry } from './crl-writer.js';
export { digestInfo } from './digest-info.js';
export { parseDistinguishedName } from './distinguished-name.js';
export {
  extendedKeyUsages,
  extensionOids,
  keyUsageBits,
  type Extension,
  type KeyUsage,
} from './extension.js';
export { writeExtensions } from './extension-list.js';
export type { DecryptionKey, RsaKey, SignatureDigest, SigningKey } from './keys.js';
export { Name } from './name.js';
export { readPem, toPem, type PemBlock } from './pem.js';
export { verifyProofOfPossession } from './proof-of-possession.js';
export { algorithmWithNull, keyOids, PublicKey, type EcCurve, type KeyId } from './public-key.js';
export { requestedValidityDays } from './requested-validity.js';
export { sidExtension, sidInUri, sidOf } from './sid-extension.js';
export type { CertificateDigest } from './signature-algorithm.js';
export {
  authorityInfoAccess,
  authorityKeyIdentifier,
  basicConstraints,
  crlDistributionPoints,
  extendedKeyUsage,
  keyUsage,
  readBasicConstraints,
  readCrlDistributionPoints,
  readApplicationPolicies,
  readExtendedKeyUsage,
  readKeyUsage,
  subjectKeyIdentifier,
} from './standard-extensions.js';
export {
  readSubjectAltNames,
  subjectAltNameText,
  writeSubjectAltNames,
  type SubjectAltName,
} from './subject-alt-name.js';
export { parseSubjectAltName } from './subject-alt-name-text.js';
export { revocationReasons } from './revocation-reason.js';
