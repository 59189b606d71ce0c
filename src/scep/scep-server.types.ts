import type { ClientContext } from '../enrollment/index.js';
import type { ContentCipher, DigestAlgorithm, RecipientKey } from '../pkcs7/index.js';
import type { Certificate, SigningKey } from '../x509/index.js';

/** How one profile speaks SCEP. Providers are functions: certificates are renewed while we run. */
export interface ScepProfile {
  readonly name: string;
  readonly floor: {
    readonly digests: readonly DigestAlgorithm[];
    readonly ciphers: readonly ContentCipher[];
  };
  readonly registrationAuthority: () => {
    readonly signing: { readonly certificate: Certificate; readonly key: SigningKey };
    readonly decryption: readonly RecipientKey[];
    readonly certificates: readonly Certificate[];
  };
  /** Issuing CA first, root last. */
  readonly chain: () => readonly Certificate[];
  /** The CA that takes over and its RA certificates, while a rollover is prepared. */
  readonly rollover: () =>
    | { readonly chain: readonly Certificate[]; readonly raCertificates: readonly Certificate[] }
    | undefined;
  readonly renewal: boolean;
  readonly caCertShape: 'ra-and-chain' | 'ra-and-issuer' | 'ra-only' | 'ca-only';
  readonly caCertRoot: boolean;
  readonly replyCertificates: 'leaf' | 'leaf-and-issuer' | 'chain';
  readonly includeSigner: boolean;
  readonly failureContent: 'empty' | 'omit' | 'nul';
  readonly microsoftAttributes: boolean;
}

/** One SCEP request as the HTTP face hands it over: already within the limits. */
export interface ScepRequest {
  readonly profile: string;
  /** As sent; matched without regard to case. */
  readonly operation: string;
  /** PKIOperation: the pkiMessage (GET already base64-decoded). */
  readonly message: Buffer | undefined;
  readonly client: ClientContext;
}

export interface ScepResponse {
  readonly status: number;
  /** Exact value, no charset (H2). */
  readonly contentType: string;
  readonly body: Buffer;
  readonly retryAfterSeconds?: number;
}

export interface ScepServer {
  /**
   * Protocol faults come back as CertRep FAILURE with status 200.
   * @throws GatewayError of class `transport`, `overload`, `unavailable` or `internal`, for the HTTP face to map
   */
  handle(request: ScepRequest): Promise<ScepResponse>;
}
