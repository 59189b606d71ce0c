import { createHash } from 'node:crypto';
import type { CertificateRecord } from '../../store/index.js';
import type { Certificate, Name } from '../../x509/index.js';

/** How the records name a CA: SHA-256 of its name's DER, lower-case hex. */
export function issuerDigest(issuer: Name): string {
  return createHash('sha256').update(issuer.der).digest('hex');
}

/** The record of a CA or RA certificate, which no transaction and no profile made. */
export function ownCertificateRecord(
  certificate: Certificate,
  issuer: string,
  issuedAt: Date,
): CertificateRecord {
  return {
    thumbprint: certificate.thumbprints.sha256,
    serial: certificate.serial,
    issuerDigest: issuerDigest(certificate.issuer),
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
