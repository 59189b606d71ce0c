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
      readonly detail: string;
    };

/**
 * A CA as the gateway sees it. Contract (test/issuer/issuer.contract.ts): `submit` checks that the
 * Authorization is genuine and is for this transaction and this key, else throws; the same transaction
 * submitted twice is the caller's mistake, the issuer does not deduplicate; nothing is thrown for a CA
 * that is down. The caller records an issued certificate durably before it lets it out.
 */
export interface Issuer {
  readonly name: string;
  /** Issuing CA first, root last. */
  readonly chain: readonly Certificate[];
  submit(request: IssuanceRequest, authorization: Authorization): Promise<IssuanceOutcome>;
  /** Outcome of a request under submission. */
  retrieve(requestId: string): Promise<IssuanceOutcome>;
  /** DER CRL of the issuing CA with this subject key, undefined where the issuer serves none. */
  currentCrl(): Promise<Buffer | undefined>;
}
