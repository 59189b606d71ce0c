import type { Certificate, CertificationRequest, Extension } from '../x509/index.js';
import type { Authorization } from './authorization.js';

/** What policy decided shall stand in the certificate. A CA with templates may decide otherwise. */
export interface CertificateContent {
  /** DER Name; the CSR's own bytes unless policy rewrote it (P18: clients compare subjects bytewise). */
  readonly subject: Buffer;
  /** keyUsage, extendedKeyUsage, subjectAltName and whatever else policy let through. */
  readonly extensions: readonly Extension[];
  readonly validityDays: number;
}

export interface IssuanceRequest {
  readonly transaction: string;
  readonly csr: CertificationRequest;
  readonly content: CertificateContent;
  /** Certificate template that the profile fixes, for a CA that has templates; else the issuer chooses. */
  readonly template?: string;
  /** Of what asks for it, for log lines. */
  readonly correlationId?: string;
}

/** The four things a CA can say. */
export type IssuanceOutcome =
  | { readonly kind: 'issued'; readonly certificate: Certificate }
  /** Taken under submission; ask again with `retrieve`. */
  | { readonly kind: 'pending'; readonly requestId: string }
  /** The CA refused for good: `text` is safe for the device, `detail` for the audit record. */
  | {
      readonly kind: 'refused';
      readonly text: string;
      readonly detail: string;
      readonly hresult?: number;
    }
  /**
   * The CA could not answer. `submission: 'unknown'` means a request may have reached it: nothing may
   * be sent again before it is reconciled.
   */
  | {
      readonly kind: 'unavailable';
      readonly submission: 'none' | 'unknown';
      /** For the log, the audit record and `pending list`; no secret, no address of a device. */
      readonly detail: string;
      /** What an operator has to do, where waiting alone mends nothing (login refused, no right). */
      readonly mend?: string;
      /** The CA's own word on when to come again (HTTP Retry-After). */
      readonly retryAfterSeconds?: number;
    };

/** What could be found out about a submission that was never answered. */
export type Reconciliation =
  | Exclude<IssuanceOutcome, { readonly kind: 'unavailable' }>
  /** It never reached the CA: to send it again is safe. */
  | { readonly kind: 'not-received'; readonly detail: string }
  /** The CA cannot be asked now: it is asked again later. */
  | { readonly kind: 'unavailable'; readonly detail: string; readonly mend?: string }
  /** The CA was asked and its answer settles nothing: an operator decides. */
  | { readonly kind: 'undecidable'; readonly detail: string };

/**
 * A CA as the gateway sees it. Contract (test/issuer/issuer.contract.ts): `submit` checks that the
 * Authorization is genuine and is for this transaction and this key, else throws; the same transaction
 * submitted twice is the caller's mistake, the issuer does not deduplicate; nothing is thrown for a CA
 * that is down. Every call ends within two minutes, by the issuer's own time limit. The caller records a
 * submission durably before it calls `submit`, and what was issued before it lets it out.
 */
export interface Issuer {
  readonly name: string;
  /** Issuing CA first, root last. */
  readonly chain: readonly Certificate[];
  /**
   * Only of a CA that works in this process: what it issued and nobody recorded does not exist, so
   * nothing is ever in doubt and no submission is recorded beforehand.
   */
  readonly inProcess?: true;
  /**
   * As whom the CA knows the gateway, such as `EXAMPLE\svc-scep`. A request id is good only for the
   * identity that made it. Undefined where the CA asks for none.
   */
  readonly identity?: string;
  submit(request: IssuanceRequest, authorization: Authorization): Promise<IssuanceOutcome>;
  /**
   * Outcome of a request under submission.
   * @param csrKey KeyId of the CSR, which a certificate must be for: the CA is trusted to decide, not
   *   to answer another question
   * @param correlationId for log lines
   */
  retrieve(requestId: string, csrKey: string, correlationId?: string): Promise<IssuanceOutcome>;
  /**
   * Finds out what became of a `submit` that ended with `submission: 'unknown'`, or whose process died.
   * Absent where the CA offers no way: an operator decides then. The Authorization is for issuers
   * whose CA takes the same request again without issuing twice (SCEP by transactionID).
   */
  reconcile?(request: IssuanceRequest, authorization: Authorization): Promise<Reconciliation>;
  /** DER CRL of the issuing CA with this subject key, undefined where the issuer serves none. */
  currentCrl(): Promise<Buffer | undefined>;
}
