import type { Certificate } from '../x509/index.js';
import type { CaAnswer } from './ca-answer.js';
import type { Unavailable } from './unavailable.js';

/** One way to ask AD CS: web enrollment pages, RPC, CES. Nothing throws for a CA that is down. */
export interface CaInterface {
  /** Sent once; never repeated here once it may have arrived. */
  submit(request: CaRequest, signal: AbortSignal): Promise<CaReply>;
  /** Whether it may be the id of a request. Absent: those of AD CS are, decimal of 32 bits. */
  isRequestId?(text: string): boolean;
  retrieve(requestId: string, signal: AbortSignal): Promise<CaReply>;
  /** Sees whether the CA answers and lets us in. Absent where asking for its chain shows that. */
  probe?(signal: AbortSignal): Promise<Unavailable | undefined>;
  /** Base CRL of the newest key of the CA, DER, not checked. Absent where the CA cannot be asked for it. */
  crl?(signal: AbortSignal): Promise<Buffer | Unavailable>;
}

/** How a request is wrapped: bare, or with the signature of an enrollment agent round it. */
export type RequestFormat = 'pkcs10' | 'cms' | 'cmc';

export interface CaRequest {
  /** DER: the CSR as the device signed it, or CMS or CMC round it. */
  readonly csr: Buffer;
  readonly format: RequestFormat;
  /** `cn` of the certificate template. */
  readonly template: string;
  /** Further request attributes, name and value. */
  readonly attributes: readonly (readonly [string, string])[];
}

/** What asking comes to. */
export type CaReply =
  | {
      readonly kind: 'certificate';
      /** Undefined where the CA tells none: with a certificate at hand there is nothing to ask after. */
      readonly requestId: string | undefined;
      /** Not checked. */
      readonly certificate: Certificate;
    }
  | CaAnswer
  | Unavailable;
