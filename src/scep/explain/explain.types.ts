import type {
  ContentCipher,
  DigestAlgorithm,
  Pkcs7Codec,
  RecipientKey,
} from '../../pkcs7/index.js';
import type { Certificate, CertificationRequest, Name, SerialNumber } from '../../x509/index.js';
import type { ScepProfile } from '../scep-server.types.js';

export interface ExplainOptions {
  readonly codec: Pkcs7Codec;
  /** Keys that may open the envelope: the RA's for a request, the client's for a reply. */
  readonly recipients?: readonly RecipientKey[];
  /** The challenge, for a reply to a client whose key cannot decrypt. */
  readonly password?: string;
  /** For replies that do not carry their signer, as NDES sends them. */
  readonly knownCertificates?: readonly Certificate[];
  /** What the profile that is asked would take; without it SHA-256, AES and a challenge are expected. */
  readonly rules?: {
    readonly floor: ScepProfile['floor'];
    /** A first enrollment needs no challenge. */
    readonly openToAnyone: boolean;
  };
}

/** What a message is, what stands in it, and what is wrong with it. Holds no challenge but within `content`. */
export interface PkiMessageExplanation {
  /** "PKCSReq (19)", "CertRep (3): FAILURE", "A bundle that nobody signed", "No SCEP message". */
  readonly what: string;
  /** Signed attributes in the order received, known ones by name. */
  readonly attributes: readonly { readonly name: string; readonly value: string }[];
  readonly signature: ExplainedSignature | undefined;
  readonly envelope: ExplainedEnvelope | undefined;
  readonly content: ExplainedContent | undefined;
  /** Carried along outside the envelope. */
  readonly certificates: readonly Certificate[];
  readonly crls: readonly Buffer[];
  /** Sentences for the person who has to mend it; empty when nothing is wrong. */
  readonly problems: readonly string[];
}

export interface ExplainedSignature {
  readonly digest: DigestAlgorithm;
  readonly signer: Certificate | undefined;
  /** Undefined when there is no certificate to check with. */
  readonly verified: boolean | undefined;
}

export interface ExplainedEnvelope {
  readonly cipher: ContentCipher;
  /** "CN=Test CA serial 01 by RSAES-PKCS1-v1_5". */
  readonly recipients: readonly string[];
  readonly opened: boolean;
}

export type ExplainedContent =
  | {
      readonly kind: 'request';
      /** Its challengePassword is a secret. */
      readonly csr: CertificationRequest;
    }
  | { readonly kind: 'issuer-and-subject'; readonly issuer: Name; readonly subject: Name }
  | { readonly kind: 'issuer-and-serial'; readonly issuer: Name; readonly serial: SerialNumber }
  | {
      readonly kind: 'bundle';
      readonly certificates: readonly Certificate[];
      readonly crls: readonly Buffer[];
    };
