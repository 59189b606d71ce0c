import type { AuditRecord, CertificateRecord, TransactionRecord } from '../store/index.js';
import {
  extensionOids,
  readSubjectAltNames,
  subjectAltNameText,
  type Certificate,
  type CertificationRequest,
} from '../x509/index.js';
import type { ClientContext, EnrollmentRequest } from './enrollment.types.js';
import { transactionText } from './transaction.js';

/** The part of an audit record that tells whom it is about. */
export type AuditSubject = Pick<
  AuditRecord,
  | 'correlationId'
  | 'profile'
  | 'transactionId'
  | 'subject'
  | 'keyId'
  | 'clientAddress'
  | 'challengeId'
>;

export function subjectOfRequest(request: EnrollmentRequest, challengeId?: string): AuditSubject {
  return {
    correlationId: request.client.correlationId,
    profile: request.profile,
    transactionId: transactionText(request.transactionId),
    subject: request.csr.subject.text,
    keyId: request.csr.publicKey.id,
    clientAddress: request.client.address,
    challengeId,
  };
}

export function subjectOfTransaction(
  record: TransactionRecord,
  client: ClientContext,
): AuditSubject {
  return {
    correlationId: client.correlationId,
    profile: record.key.profile,
    transactionId: transactionText(Buffer.from(record.key.transactionId, 'hex')),
    subject: record.subject,
    keyId: record.csrKey,
    clientAddress: client.address,
    challengeId: record.challengeId,
  };
}

export function auditRecord(
  about: AuditSubject,
  decision: {
    readonly at: Date;
    readonly event: string;
    readonly outcome: AuditRecord['outcome'];
    readonly code?: string;
    readonly reason?: string;
    readonly actor?: string;
  },
): AuditRecord {
  return {
    ...about,
    subject: shortened(about.subject),
    at: decision.at,
    event: decision.event,
    outcome: decision.outcome,
    code: decision.code,
    reason: shortened(decision.reason),
    actor: decision.actor,
  };
}

/**
 * The trail is kept for years and anyone may be refused: a name as long as the message, escaped three to
 * one, shall not fill the disk. Certificates are recorded in full.
 */
function shortened(text: string | undefined): string | undefined {
  return text === undefined || text.length <= 2000 ? text : `${text.slice(0, 1999)}…`;
}

export function certificateRecord(
  certificate: Certificate,
  origin: { readonly profile: string; readonly issuer: string; readonly transactionId: string },
  issuedAt: Date,
): CertificateRecord {
  return {
    thumbprint: certificate.thumbprints.sha256,
    serial: certificate.serial,
    issuerDigest: certificate.issuer.digest,
    subject: certificate.subject.text,
    sanText: sanTexts(certificate).join(', '),
    keyId: certificate.publicKey.id,
    ...origin,
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    der: certificate.der,
    issuedAt,
    revokedAt: undefined,
    revocationReason: undefined,
  };
}

function sanTexts(holder: Certificate | CertificationRequest): string[] {
  return holder.extensions
    .filter(({ oid }) => oid === extensionOids.subjectAltName)
    .flatMap(({ value }) => readSubjectAltNames(value).map(subjectAltNameText));
}
