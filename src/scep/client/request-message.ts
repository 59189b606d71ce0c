/** A pkiMessage from the client's side (RFC 8894 §3). */
import { der } from '../../asn1/index.js';
import type { Pkcs7Codec } from '../../pkcs7/index.js';
import { messageTypeToWire, type MessageTypeName } from '../message-type.js';
import { scepOids } from '../oids.js';
import { bestCipher, bestDigest } from './capabilities.js';
import type { RequestOptions, ScepSession } from './scep-client.types.js';

export interface OutgoingRequest {
  readonly messageType: MessageTypeName;
  readonly transactionId: string;
  readonly senderNonce: Buffer;
  /** Plaintext of the envelope. */
  readonly content: Buffer;
}

export async function buildRequest(
  { messageType, transactionId, senderNonce, content }: OutgoingRequest,
  { capabilities, authority }: ScepSession,
  options: RequestOptions,
  codec: Pkcs7Codec,
): Promise<Buffer> {
  const envelope = await codec.seal(content, options.cipher ?? bestCipher(capabilities), [
    {
      kind: 'certificate',
      certificate: authority.recipient,
      keyTransport: options.keyTransport ?? { kind: 'rsaes-pkcs1-v1_5' },
    },
  ]);
  return codec.sign({
    content: envelope,
    digest: options.digest ?? bestDigest(capabilities),
    attributes: [
      { oid: scepOids.messageType, value: der.printableString(messageTypeToWire(messageType)) },
      { oid: scepOids.transactionId, value: der.printableString(transactionId) },
      { oid: scepOids.senderNonce, value: der.octetString(senderNonce) },
    ],
    signer: options.signer,
    certificates: [options.signer.certificate],
  });
}
