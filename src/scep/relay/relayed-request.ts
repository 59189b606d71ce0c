/** A pkiMessage that is handed on as it is: looked at from outside, without a key. */
import { GatewayError, isGatewayError } from '../../errors/index.js';
import type { Envelope, MessageSigner, Pkcs7Codec, SignedMessage } from '../../pkcs7/index.js';
import type { Certificate } from '../../x509/index.js';
import type { TextAttribute } from '../attribute.js';
import { describeMessageType, type MessageTypeName } from '../message-type.js';
import { readMessageType, receiveMessage, requireUsableNonce } from '../pki-message.js';

/** Nothing in it is verified: that is upstream's business, which has the keys. */
export interface RelayedRequest {
  readonly transactionId: TextAttribute;
  readonly senderNonce: Buffer | undefined;
  readonly messageType: MessageTypeName;
  readonly signed: SignedMessage;
  readonly signer: MessageSigner;
  /** That the message says is the signer's. */
  readonly certificate: Certificate;
  readonly envelope: Envelope;
}

/**
 * The shape of a SCEP request (RFC 8894 §3): SignedData by one signer who is in it, the SCEP attributes,
 * a message type that asks for something, EnvelopedData inside.
 *
 * @throws GatewayError `http.message` for everything else
 */
export function readRelayedRequest(codec: Pkcs7Codec, bytes: Buffer): RelayedRequest {
  const { transactionId, senderNonce, body } = receiveMessage(codec, bytes);
  if (body.kind === 'unsupported') throw noRequest('Its algorithms are unknown.', body.fault);
  const { signed, signer } = body;
  try {
    const messageType = readMessageType(signer);
    requireUsableNonce(signer);
    const { certificate } = signer;
    if (certificate === undefined) throw noRequest('The certificate of its signer is missing.');
    if (signed.content === undefined) throw noRequest('It has no content.');
    if (messageType.kind === 'unknown' || !requests.has(messageType.kind)) {
      throw noRequest(`The messageType ${describeMessageType(messageType)} is not passed on.`);
    }
    const { kind } = messageType;
    const envelope = codec.readEnvelope(signed.content);
    return { transactionId, senderNonce, messageType: kind, signed, signer, certificate, envelope };
  } catch (error) {
    if (isGatewayError(error) && error.code !== 'http.message') {
      throw noRequest(error.message, error);
    }
    throw error;
  }
}

/** Default deny, as for our own: UpdateReq was never in an RFC, and a CertRep is no request. */
const requests: ReadonlySet<MessageTypeName> = new Set([
  'PKCSReq',
  'RenewalReq',
  'CertPoll',
  'GetCert',
  'GetCRL',
]);

function noRequest(reason: string, cause?: GatewayError): GatewayError {
  return new GatewayError('http.message', `This is no SCEP request. ${reason}`, {
    ...(cause?.detail !== undefined && { detail: cause.detail }),
    ...(cause && { cause }),
  });
}
