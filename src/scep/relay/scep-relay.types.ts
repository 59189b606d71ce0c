import type { ClientContext } from '../../enrollment/index.js';
import type { ErrorCode } from '../../errors/index.js';
import type { RecipientKey } from '../../pkcs7/index.js';
import type { Certificate, CertificationRequest, SigningKey } from '../../x509/index.js';
import type { ScepAuthority } from '../client/scep-client.types.js';
import type { FailInfo } from '../failure.js';
import type { MessageTypeName } from '../message-type.js';
import type { ScepProfile } from '../scep-server.types.js';

/** A profile whose messages another SCEP server answers. */
export interface RelayProfile {
  readonly name: string;
  readonly upstream: RelayUpstream;
  /** Where the RA keys of upstream are ours, too. */
  readonly precheck: RelayPrecheck | undefined;
  /**
   * For an HRESULT of a FAILURE that tells of an outage behind upstream, and not of the request: whether
   * the request may have been carried out.
   */
  readonly outageOf: (hresult: number) => 'none' | 'unknown' | undefined;
}

/**
 * The other server, as far as the network goes.
 * Every method throws GatewayError `upstream.unavailable`, with a time to come again.
 */
export interface RelayUpstream {
  /** GetCACaps as it answered. */
  caCaps(): Promise<RelayedContent>;
  /** GetCACert as it answered, looked at before it is shown. */
  caCert(): Promise<RelayedContent>;
  /** Who may sign its replies. `refresh` asks anew, as its RA certificate may have been renewed. */
  authority(how?: 'refresh'): Promise<ScepAuthority>;
  /** Any other operation; undefined where it does not know it. */
  query(operation: string): Promise<RelayedContent | undefined>;
  /** PKIOperation, in the way its capabilities ask for. */
  send(message: Buffer): Promise<Buffer>;
}

export interface RelayedContent {
  readonly contentType: string;
  readonly body: Buffer;
}

/** Looks into requests before they pass, with RA keys that are upstream's and ours. */
export interface RelayPrecheck extends Pick<
  ScepProfile,
  'floor' | 'includeSigner' | 'failureContent' | 'microsoftAttributes'
> {
  readonly registrationAuthority: () => {
    readonly signing: { readonly certificate: Certificate; readonly key: SigningKey };
    readonly decryption: readonly RecipientKey[];
  };
  check(request: PrecheckRequest): Promise<PrecheckVerdict>;
}

export interface PrecheckRequest {
  readonly profile: string;
  readonly messageType: MessageTypeName;
  /** Octets. */
  readonly transactionId: Buffer;
  readonly csr: CertificationRequest;
  /** Its signature over the message holds. */
  readonly signer: Certificate;
  readonly client: ClientContext;
}

export type PrecheckVerdict =
  | {
      readonly kind: 'pass';
      readonly challengeId: string | undefined;
      /** What became of it: a challenge is spent by a certificate and given back where nothing was sent. */
      settle(outcome: 'issued' | 'refused' | 'pending' | 'not-sent' | 'unknown'): Promise<void>;
    }
  | {
      readonly kind: 'refused';
      readonly code: ErrorCode;
      /** For the device. */
      readonly text: string;
      /** For the audit record. */
      readonly reason: string;
      readonly challengeId: string | undefined;
    };

/** One PKIOperation that was passed on, or not: for log and audit trail. Holds no secret. */
export interface RelayEvent {
  readonly profile: string;
  readonly client: ClientContext;
  /** Undefined for what is no SCEP message. */
  readonly transactionId: string | undefined;
  readonly messageType: MessageTypeName | undefined;
  /** Of the certificate that signed, as it says itself. */
  readonly signer: { readonly subject: string; readonly keyId: string } | undefined;
  readonly challengeId: string | undefined;
  /** `refused`: here, and not passed on. `unavailable`: passed on or not, there is no answer to show. */
  readonly outcome: 'success' | 'pending' | 'failure' | 'refused' | 'unavailable';
  readonly failInfo: FailInfo | undefined;
  readonly code: ErrorCode | undefined;
  readonly reason: string | undefined;
  /** From the message to its answer. */
  readonly milliseconds: number;
}
