/** A request whose signature holds and whose algorithms are allowed, on its way through one operation. */
import type { ClientContext, Enrollment } from '../enrollment/index.js';
import { GatewayError } from '../errors/index.js';
import type { Envelope, OpenedEnvelope, Pkcs7Codec, RecipientKey } from '../pkcs7/index.js';
import type { Certificate } from '../x509/index.js';
import type { Fault } from './failure.js';
import type { ScepProfile } from './scep-server.types.js';

export interface VerifiedRequest {
  readonly profile: ScepProfile;
  /** Octets. */
  readonly transactionId: Buffer;
  readonly signer: Certificate;
  /** The pkcsPKIEnvelope, still closed. */
  readonly envelope: Envelope;
  readonly decryption: readonly RecipientKey[];
  readonly client: ClientContext;
}

export interface Services {
  readonly codec: Pkcs7Codec;
  readonly enrollment: Enrollment;
}

/** What an operation came to, before it is told to the device. */
export type Answer =
  /** `content`: EnvelopedData. */
  | { readonly kind: 'success'; readonly content: Buffer }
  | { readonly kind: 'pending' }
  | { readonly kind: 'refused'; readonly fault: Fault }
  | { readonly kind: 'unavailable'; readonly retryAfterSeconds: number };

export type Operation = (request: VerifiedRequest, services: Services) => Promise<Answer>;

/**
 * A password recipient cannot be opened here: whose password would it be? The challenge stands inside
 * the CSR, and RA keys are RSA, so no client needs one towards us.
 *
 * @throws GatewayError `cms.undecryptable`
 */
export function openEnvelope(
  { decryption, envelope }: VerifiedRequest,
  { codec }: Services,
): Promise<OpenedEnvelope> {
  return codec.openEnvelope(envelope, { recipients: decryption });
}

/** For a SUCCESS that nobody could read. */
export function unanswerable(signer: Certificate, mend: string): GatewayError {
  return new GatewayError(
    'scep.reply-recipient',
    `A reply cannot be encrypted to the signer's key (${signer.publicKey.description}).`,
    { mend },
  );
}
