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
  /** An administrator said yes: authorized from now on. */
  | { readonly kind: 'approved'; readonly approver: string }
  /** Recorded before it is sent: a request may be on its way to this issuer, or the process died. */
  | {
      readonly kind: 'submitting';
      readonly issuer: string;
      readonly approver?: string | undefined;
    }
  /** The issuer may have it and never said so: not sent again before that is known, or decided. */
  | { readonly kind: 'in-doubt'; readonly issuer: string; readonly approver?: string | undefined }
  /** Waiting for the CA, under a request id that is good for this issuer and this identity only. */
  | {
      readonly kind: 'submitted';
      readonly issuer: string;
      readonly requestId: string;
      readonly identity?: string | undefined;
      readonly approver?: string | undefined;
    }
  | { readonly kind: 'issued'; readonly certificate: string }
  | {
      readonly kind: 'rejected';
      readonly code: string;
      readonly text: string;
      /** Of the CA, unsigned 32 bits as AD CS documents it. */
      readonly hresult?: number | undefined;
    };

/** What the gateway does about a transaction by itself, without a device that asks. */
export interface Errand {
  /** Not before; undefined: nothing until somebody decides. */
  readonly dueAt: Date | undefined;
  /** In a row, without progress. */
  readonly attempts: number;
  /** What stood in the way last, for operators. */
  readonly problem: string | undefined;
}

/** One process at a time works on a transaction: whoever holds it, until it is concluded or time is up. */
export interface Hold {
  readonly holder: string;
  readonly until: Date;
}

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
  readonly errand?: Errand | undefined;
  readonly hold?: Hold | undefined;
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
  /** Undefined where the transition is of no interest to the trail. */
  readonly audit: AuditRecord | undefined;
  /** What is left to do; nothing when absent. */
  readonly errand?: Errand | undefined;
  /** The hold from now on; released when absent. */
  readonly hold?: Hold | undefined;
  /** Only while this holder has the row: what the CA did not say must not overtake another's work. */
  readonly holder?: string | undefined;
  readonly now: Date;
}

/** Rows with an errand that is due and that nobody holds. */
export interface DueFilter {
  readonly now: Date;
  /** Of this issuer; or, for those that are with no issuer yet, of this profile. */
  readonly of: { readonly issuer: string } | { readonly profile: string };
  readonly limit: number;
}

/** Unanswered transactions of one profile that stand alike. */
export interface BacklogGroup {
  readonly profile: string;
  /** Undefined while no issuer has it. */
  readonly issuer: string | undefined;
  readonly state: TransactionState['kind'];
  readonly count: number;
  /** When the oldest came. */
  readonly oldest: Date;
}

/**
 * When a write outlives a loss of power: when it resolves, or `later`, with the next one that does. Either
 * way it outlives the process, and there is never a later one on disk without it.
 */
export type Durability = 'now' | 'later';

/**
 * Contract (test/store/enrollment-store.contract.ts): every method is atomic and durable when it
 * resolves. `open` never replaces a row unless `supersedes` names it; `conclude` on a row whose state is
 * already `issued` or `rejected` resolves to false and changes nothing, so an answer is given once. Of
 * any number of concurrent `hold` and `holdDue` calls at most one gets a row.
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
  /**
   * Inserts; or resolves to the row that is already there (compare `id`). Durable `now` where somebody is
   * told or asked because of it.
   */
  open(
    record: TransactionRecord,
    audit: AuditRecord | undefined,
    supersedes?: TransactionRowId,
    durability?: Durability,
  ): Promise<TransactionRecord>;
  conclude(conclusion: Conclusion): Promise<boolean>;
  /**
   * Removes a transaction that came to nothing (issuer unreachable, `retry-later`). False, and nothing is
   * recorded, when it is answered or gone.
   */
  abandon(id: TransactionRowId, audit: AuditRecord): Promise<boolean>;
  /** Takes an unanswered row that nobody else holds at `now`; undefined when it cannot be had. */
  hold(id: TransactionRowId, hold: Hold, now: Date): Promise<TransactionRecord | undefined>;
  /** Whether anything is due at all: a read that costs next to nothing. */
  isAnythingDue(now: Date): Promise<boolean>;
  /** Takes hold of what is due, longest due first. */
  holdDue(filter: DueFilter, hold: Hold): Promise<readonly TransactionRecord[]>;
  /** How much waits and for whom. */
  backlog(): Promise<readonly BacklogGroup[]>;
  /**
   * Rows that no CA has seen, that no administrator has approved, and that came before `before`, oldest
   * first: what grows too old.
   */
  queuedBefore(before: Date, limit: number): Promise<readonly TransactionRecord[]>;
  /** Rows awaiting an administrator, a CA or the gateway's next attempt, oldest first. */
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
