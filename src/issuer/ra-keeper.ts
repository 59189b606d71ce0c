import type { Certificate } from '../x509/index.js';

/** What an RA certificate is for; `both` where one does all. */
export type RaPurpose = 'signing' | 'encryption' | 'both';

/** A key of ours that waits for its certificate. */
export interface RaRequest {
  readonly purpose: RaPurpose;
  /** PKCS#10, DER. */
  readonly csr: Buffer;
  /** KeyId of its public key. */
  readonly keyId: string;
  /** At the CA, once it was sent there. */
  readonly requestId: string | undefined;
  /** What the CA gave for it, kept until those of all requests are there. */
  readonly certificate: Certificate | undefined;
}

export interface RaStatus {
  readonly signing: Certificate;
  /** The same as `signing` where one certificate does both. */
  readonly encryption: Certificate;
  /**
   * - `self`: certified by the gateway itself.
   * - `imported`: brought along, or issued by the CA to a request that an administrator carried.
   * - `enrolled`: from the CA, by the gateway, which renews them there.
   */
  readonly origin: 'self' | 'imported' | 'enrolled';
  readonly replaced: readonly { readonly certificate: Certificate; readonly until: Date }[];
  /** Empty while nothing is asked for. */
  readonly requests: readonly RaRequest[];
}

/** The RA keys in front of a CA that is not ours, and how they come by certificates of that CA. */
export interface RaKeeper {
  status(): RaStatus;
  /** Makes new keys with requests for them, or gives those that wait already. */
  request(): Promise<readonly RaRequest[]>;
  /** Remembers where the CA keeps a request, before its answer is fetched; undefined: nowhere any more. */
  noteRequestId(keyId: string, requestId: string | undefined): Promise<void>;
  /** Keeps a certificate that came before those of the other requests. */
  noteCertificate(keyId: string, certificate: Certificate): Promise<void>;
  /**
   * Puts the certificates of all waiting requests in force, those kept already among them; the keys they
   * replace open requests for the overlap. Others among the certificates, such as the chain, are left aside.
   *
   * @throws GatewayError `cli.not-found` when nothing is asked for, `config.invalid` for certificates
   *   that do not fit
   */
  install(certificates: readonly Certificate[], origin: 'imported' | 'enrolled'): Promise<RaStatus>;
  /** Forgets the waiting requests; their keys stay in the key store, unused. */
  discard(): Promise<void>;
}

/** How the gateway fared that asked a CA for RA certificates. */
export type RaEnrollment =
  | { readonly kind: 'installed'; readonly status: RaStatus }
  /** A certificate manager has to look; ask again later. */
  | { readonly kind: 'pending'; readonly requestIds: readonly string[] }
  | { readonly kind: 'refused'; readonly detail: string }
  | { readonly kind: 'unavailable'; readonly detail: string; readonly mend?: string };
