/** Durable state of enrollment transactions: one transaction, one answer. */

export type TransactionRowId = string & { readonly __brand: 'TransactionRowId' };

/** Identity of a transaction. `purpose` sets a renewal of certificate X apart from the first enrollment. */
export interface TransactionKey {
  readonly profile: string;
  /** transactionID octets, lower-case hex: opaque (P8). */
  readonly transactionId: string;
  /** `new`, or `renew:<SHA-256 thumbprint of the signer certificate>`. */
  readonly purpose: string;
}

/** Where the transaction stands. */
export type TransactionState =
  /** Authorized; being worked on, or interrupted: the same request takes it up again. */
  | { readonly kind: 'authorized' }
  /** Waiting for an administrator. */
  | { readonly kind: 'awaiting-approval' }
  /** An administrator said yes; the next poll or re-sent request issues. */
  | { readonly kind: 'approved'; readonly approver: string }
  /** Waiting for the CA. */
  | { readonly kind: 'submitted'; readonly issuer: string; readonly requestId: string }
  | { readonly kind: 'issued'; readonly certificate: string }
  | { readonly kind: 'rejected'; readonly code: string; readonly text: string };

export interface TransactionRecord {
  readonly id: TransactionRowId;
  readonly key: TransactionKey;
  /** KeyId of the CSR's key and of the signer certificate's key. */
  readonly csrKey: string;
  readonly signerKey: string;
  /** Keyed hash of CertificationRequestInfo, hex: tells a re-sent request from a new one. */
  readonly requestDigest: string;
  /** The CSR, sealed by src/enrollment: it carries the challenge. */
  readonly csr: Buffer;
  /** Opaque to the store: JSON of the ground of authorization (src/issuer AuthorizationGround). */
  readonly ground: string;
  readonly challengeId: string | undefined;
  readonly subject: string;
  readonly clientAddress: string;
  readonly state: TransactionState;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface CertificateRecord {
  /** SHA-256 thumbprint, upper-case hex: the id. */
  readonly thumbprint: string;
  readonly serial: string;
  /** DER of the issuer name, SHA-256 hex. */
  readonly issuerDigest: string;
  readonly subject: string;
  readonly sanText: string;
  readonly keyId: string;
  readonly profile: string;
  readonly issuer: string;
  /** SCEP transactionID as text, for people. */
  readonly transactionId: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly der: Buffer;
  readonly issuedAt: Date;
  readonly revokedAt: Date | undefined;
  /** CRLReason number (RFC 5280 §5.3.1). */
  readonly revocationReason: number | undefined;
}

/** One append-only line of the audit trail: what was decided about whom, and why. */
export interface AuditRecord {
  readonly at: Date;
  /** Stable event name: `enrollment.issued`, `enrollment.rejected`, `challenge.issued` … */
  readonly event: string;
  readonly correlationId: string;
  readonly profile: string | undefined;
  readonly transactionId: string | undefined;
  readonly challengeId: string | undefined;
  readonly subject: string | undefined;
  readonly keyId: string | undefined;
  readonly clientAddress: string | undefined;
  readonly actor: string | undefined;
  readonly outcome: 'ok' | 'pending' | 'refused' | 'error';
  /** Error code or thumbprint; `reason` is the full text for administrators. */
  readonly code: string | undefined;
  readonly reason: string | undefined;
}

export interface CertificateFilter {
  /** Substring of subject, SAN, transactionID; or a serial, thumbprint or key id. */
  readonly text?: string;
  readonly profile?: string;
  readonly state?: 'valid' | 'expired' | 'revoked';
  readonly limit?: number;
}

export interface AuditFilter {
  readonly transactionId?: string;
  /** Substring of subject, key, address, challenge, actor, event, code, reason or an id. */
  readonly text?: string;
  readonly limit?: number;
}

export interface PendingFilter {
  readonly profile?: string;
  readonly limit?: number;
}

/** Where the answer to a transaction comes with what it brought about, in one commit. */
export interface Conclusion {
  readonly transaction: TransactionRowId;
  readonly state: TransactionState;
  readonly certificate?: CertificateRecord;
  readonly audit: AuditRecord;
  readonly now: Date;
}

/**
 * Contract (test/store/enrollment-store.contract.ts): every method is atomic and durable when it
 * resolves. `open` never replaces a row unless `supersedes` names it; `conclude` on a row whose state is
 * already `issued` or `rejected` resolves to false and changes nothing, so an answer is given once.
 */
export interface EnrollmentStore {
  findTransaction(key: TransactionKey): Promise<TransactionRecord | undefined>;
  /** Rows of a transactionID whatever their purpose, newest first: CertPoll, and the other-key check. */
  findTransactions(profile: string, transactionId: string): Promise<readonly TransactionRecord[]>;
  /** The newest that this challenge opened for a request of this digest, under any transactionID. */
  findByChallenge(
    profile: string,
    challengeId: string,
    requestDigest: string,
  ): Promise<TransactionRecord | undefined>;
  transaction(id: TransactionRowId): Promise<TransactionRecord | undefined>;
  /** Inserts; or resolves to the row that is already there (compare `id`). */
  open(
    record: TransactionRecord,
    audit: AuditRecord | undefined,
    supersedes?: TransactionRowId,
  ): Promise<TransactionRecord>;
  conclude(conclusion: Conclusion): Promise<boolean>;
  /** Removes a transaction that came to nothing (issuer unreachable, `retry-later`). */
  abandon(id: TransactionRowId, audit: AuditRecord): Promise<void>;
  /** Rows awaiting an administrator or a CA, oldest first. */
  pending(filter: PendingFilter): Promise<readonly TransactionRecord[]>;
  countPending(profile: string): Promise<number>;

  certificate(thumbprint: string): Promise<CertificateRecord | undefined>;
  certificateBySerial(issuerDigest: string, serial: string): Promise<CertificateRecord | undefined>;
  /** Newest first; a text that is an exact serial, thumbprint, key id or transactionID comes first. */
  certificates(filter: CertificateFilter, now: Date): Promise<readonly CertificateRecord[]>;
  /** Keeps a certificate that no transaction made (RA, imported). */
  addCertificate(record: CertificateRecord): Promise<void>;
  /** False when unknown or already revoked. */
  revoke(thumbprint: string, reason: number, audit: AuditRecord): Promise<boolean>;
  /** Revoked certificates of one issuing CA, for its CRL. */
  revoked(issuerDigest: string): Promise<readonly CertificateRecord[]>;
  /** Grows with every revocation: a CRL made at an older version is stale. */
  revocationVersion(): Promise<number>;

  appendAudit(record: AuditRecord): Promise<void>;
  /** Newest first. */
  audit(filter: AuditFilter): Promise<readonly AuditRecord[]>;
}
