import type { CertificateRecord } from '../../store/index.js';
import type { Certificate } from '../../x509/index.js';

/** The record of a CA or RA certificate, which no transaction and no profile made. */
export function ownCertificateRecord(
  certificate: Certificate,
  issuer: string,
  issuedAt: Date,
): CertificateRecord {
  return {
    thumbprint: certificate.thumbprints.sha256,
    serial: certificate.serial,
    issuerDigest: certificate.issuer.digest,
    subject: certificate.subject.text,
    sanText: '',
    keyId: certificate.publicKey.id,
    profile: '',
    issuer,
    transactionId: '',
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    der: certificate.der,
    issuedAt,
    revokedAt: undefined,
    revocationReason: undefined,
  };
}
