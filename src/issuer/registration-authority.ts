import type { Certificate, DecryptionKey, SigningKey } from '../x509/index.js';

/**
 * The RA keys of a profile at this moment. Read anew for each request: RA certificates are renewed
 * while the gateway runs.
 */
export interface RegistrationAuthority {
  /** Signs replies. */
  readonly signing: { readonly certificate: Certificate; readonly key: SigningKey };
  /** Opens requests: the current key first, then keys replaced within the overlap, then CA keys that are recipients. */
  readonly decryption: readonly {
    readonly certificate: Certificate;
    readonly key: DecryptionKey;
  }[];
  /** What GetCACert publishes, signing first; one entry where one certificate does both. */
  readonly certificates: readonly Certificate[];
}

/** A CA prepared to take over (RFC 8894 §4.7); undefined while there is none. */
export interface CaRollover {
  readonly chain: readonly Certificate[];
  readonly raCertificates: readonly Certificate[];
}
