import type { CertificationRequest } from './certification-request.js';
import { verifySignature } from './signature-algorithm.js';

/** Whether the CSR is signed with the key it asks a certificate for (RFC 2986 §4.2). Never throws. */
export function verifyProofOfPossession(csr: CertificationRequest): boolean {
  return verifySignature(csr.signatureAlgorithm.raw, csr.info, csr.signature, csr.publicKey);
}
