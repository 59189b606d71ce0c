import type { ErrorCode } from '../errors/index.js';
import type { Backlog } from './backlog.types.js';
import type { Certificate, CertificationRequest, Name } from '../x509/index.js';

/** Who asks, for the record; nothing is decided by it but address bindings. */
export interface ClientContext {
  readonly correlationId: string;
  /** Decided by `src/access`, never taken from a header here. */
  readonly address: string;
  readonly userAgent: string | undefined;
}

export interface EnrollmentRequest {
  readonly profile: string;
  /** Octets of the transactionID. */
  readonly transactionId: Buffer;
  readonly csr: CertificationRequest;
  /** The certificate that signed the request: self-signed, or one of ours. Its signature over the request is verified. */
  readonly signer: Certificate;
  /** `renewal` demands a certificate of ours; `any` takes a challenge or such a certificate. */
  readonly intent: 'any' | 'renewal';
  readonly client: ClientContext;
}

export type EnrollmentOutcome =
  | {
      readonly kind: 'issued';
      readonly certificate: Certificate;
      readonly chain: readonly Certificate[];
      /**
       * Of the stored request, for a poll: replies to a key that cannot decrypt are encrypted with it
       * (RFC 8894 §3.1). A secret: never log.
       */
      readonly challengePassword?: string | undefined;
    }
  | { readonly kind: 'pending' }
  | {
      readonly kind: 'rejected';
      readonly code: ErrorCode;
      readonly text: string;
      /** Of the CA that refused, unsigned 32 bits. */
      readonly hresult?: number | undefined;
    }
  /** Our outage or the CA's: the device shall come again, it has not failed. */
  | { readonly kind: 'unavailable'; readonly retryAfterSeconds: number };

export interface PollRequest {
  readonly profile: string;
  readonly transactionId: Buffer;
  readonly signer: Certificate;
  readonly client: ClientContext;
}

/** With what goes on behind the door while no device asks. */
export interface EnrollmentService extends Enrollment {
  readonly backlog: Backlog;
}

/** The one door the faces use. Never throws for what a request contains, save `crypto` faults. */
export interface Enrollment {
  enroll(request: EnrollmentRequest): Promise<EnrollmentOutcome>;
  poll(request: PollRequest): Promise<EnrollmentOutcome>;
  /** A certificate this profile's issuer issued, by IssuerAndSerialNumber. */
  findCertificate(profile: string, issuer: Name, serial: string): Promise<Certificate | undefined>;
  /** CRL of the CA that IssuerAndSerialNumber points to. */
  currentCrl(profile: string, issuer: Name): Promise<Buffer | undefined>;
}
