import type { ContentCipher, DigestAlgorithm, RsaKeyTransport } from '../../pkcs7/index.js';
import type { Certificate, DecryptionKey, Name, SigningKey } from '../../x509/index.js';
import type { FailInfo } from '../failure.js';

/** Who signs our requests. An RSA key that can decrypt opens the replies; another needs a challenge in the CSR. */
export interface ScepSigner {
  readonly certificate: Certificate;
  readonly key: SigningKey & Partial<Omit<DecryptionKey, 'publicKey'>>;
}

/** What GetCACaps said. */
export interface ScepCapabilities {
  /** As sent, one a line. */
  readonly lines: readonly string[];
  /** Without regard to case. */
  has(capability: string): boolean;
}

/** What GetCACert said, as far as it is trusted. */
export interface ScepAuthority {
  /** In the order received: these may sign replies. */
  readonly certificates: readonly Certificate[];
  /** Requests are encrypted to it. */
  readonly recipient: Certificate;
  /** Name of the CA that issues. */
  readonly issuer: Name;
}

export interface ScepSession {
  readonly capabilities: ScepCapabilities;
  readonly authority: ScepAuthority;
}

export interface RequestOptions {
  readonly signer: ScepSigner;
  /** Default: SHA-256 and AES-128 where offered, else the best of what is. */
  readonly digest?: DigestAlgorithm;
  readonly cipher?: ContentCipher;
  /** Default: RSAES-PKCS1-v1_5. */
  readonly keyTransport?: RsaKeyTransport;
  /** Default: POST where offered. */
  readonly method?: 'GET' | 'POST';
}

export interface EnrollOptions extends RequestOptions {
  /** PKCS#10, DER. */
  readonly csr: Buffer;
  /** Default: PKCSReq. */
  readonly messageType?: 'PKCSReq' | 'RenewalReq';
  /** Printable text. Default: made from the CSR and a non-self-signed signer, so that a repetition is one. */
  readonly transactionId?: string;
}

/** What CertPoll needs of a CSR that is no longer at hand. */
export interface RememberedRequest {
  /** DER Name. */
  readonly subject: Buffer;
  /** KeyId of the requested key. */
  readonly keyId: string;
}

export interface PollOptions extends RequestOptions {
  /** The one that was sent. */
  readonly csr: Buffer | RememberedRequest;
  readonly transactionId: string;
}

export interface QueryOptions extends RequestOptions {
  readonly issuer: Name;
  /** INTEGER content octets. */
  readonly serial: Buffer;
}

export interface ScepRefusal {
  readonly kind: 'failed';
  /** Undefined for a value RFC 8894 does not define, or none. */
  readonly failInfo: FailInfo | undefined;
  readonly failInfoText: string | undefined;
  /** Of an NDES, unsigned: 0x80070057. */
  readonly hresult?: number | undefined;
}

export type ScepOutcome =
  | {
      readonly kind: 'issued';
      readonly certificate: Certificate;
      /** All that came, in the order received. */
      readonly certificates: readonly Certificate[];
      readonly transactionId: string;
    }
  | { readonly kind: 'pending'; readonly transactionId: string }
  | (ScepRefusal & { readonly transactionId: string });

export interface ScepClient {
  getCaCaps(): Promise<ScepCapabilities>;
  getCaCert(options?: GetCaCertOptions): Promise<ScepAuthority>;
  /** GetCACaps and GetCACert. */
  open(options?: GetCaCertOptions): Promise<ScepSession>;
  enroll(session: ScepSession, options: EnrollOptions): Promise<ScepOutcome>;
  poll(session: ScepSession, options: PollOptions): Promise<ScepOutcome>;
  getCert(
    session: ScepSession,
    options: QueryOptions,
  ): Promise<{ readonly kind: 'found'; readonly certificate: Certificate } | ScepRefusal>;
  /** `crl`: DER, not verified. */
  getCrl(
    session: ScepSession,
    options: QueryOptions,
  ): Promise<{ readonly kind: 'found'; readonly crl: Buffer } | ScepRefusal>;
  /** Of the CA that takes over; the signature of the present one holds. */
  getNextCaCert(session: ScepSession): Promise<readonly Certificate[]>;
}

interface GetCaCertOptions {
  /** CA identifier for servers with several. */
  readonly identifier?: string;
  /**
   * SHA-256, SHA-1 or MD5 of a certificate that must be among those received, hex with or without
   * separators. Only certificates that lead to it are trusted then.
   */
  readonly fingerprint?: string;
}
