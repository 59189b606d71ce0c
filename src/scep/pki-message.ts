/** A pkiMessage (RFC 8894 §3) on the server's side: from octets to what the operations work with. */
import { GatewayError, isGatewayError } from '../errors/index.js';
import type { MessageSigner, Pkcs7Codec, SignedMessage } from '../pkcs7/index.js';
import {
  missingAttribute,
  octetsAttribute,
  textAttribute,
  type TextAttribute,
} from './attribute.js';
import { messageTypeFromWire, type MessageType } from './message-type.js';
import { scepOids } from './oids.js';

/** Enough to send a CertRep back, whatever else is wrong. Nothing in it is verified. */
export interface ReceivedMessage {
  readonly signed: SignedMessage;
  readonly signer: MessageSigner;
  readonly transactionId: TextAttribute;
}

export interface RequestAttributes {
  readonly messageType: MessageType;
  /** Undefined when the client sent none; then nothing is echoed. */
  readonly senderNonce: Buffer | undefined;
}

/** certmonger sends 77 octets; nobody has been seen beyond that. */
const transactionIdLimits = { min: 1, max: 512 };

/** RFC 8894 §3.2.1.6 says 16; Cisco sends 8 (C8 of the interop notes), and any length is echoed. */
export const nonceLimits = { min: 1, max: 64 };

/**
 * Without a transactionID no CertRep can be addressed, so what lacks one is answered by HTTP.
 * @throws GatewayError `http.message`
 */
export function receiveMessage(codec: Pkcs7Codec, bytes: Buffer): ReceivedMessage {
  const signed = readSigned(codec, bytes);
  const { signer } = signed;
  if (signer === undefined) throw noScepMessage('It is signed by nobody.');
  return { signed, signer, transactionId: readTransactionId(signer) };
}

/** @throws GatewayError `scep.attribute` */
export function readRequestAttributes(signer: MessageSigner): RequestAttributes {
  const messageType = textAttribute(signer, scepOids.messageType, { min: 1, max: 32 });
  if (messageType === undefined) throw missingAttribute(scepOids.messageType);
  return {
    messageType: messageTypeFromWire(messageType.text),
    senderNonce: octetsAttribute(signer, scepOids.senderNonce, nonceLimits),
  };
}

/** For the echo: a nonce that cannot be read is one fault among others, and the reply goes out without it. */
export function readSenderNonce(signer: MessageSigner): Buffer | undefined {
  try {
    return octetsAttribute(signer, scepOids.senderNonce, nonceLimits);
  } catch {
    return undefined;
  }
}

function readSigned(codec: Pkcs7Codec, bytes: Buffer): SignedMessage {
  try {
    return codec.readSigned(bytes);
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    if (error.class === 'algorithm') throw noScepMessage(error.message, error);
    if (error.class === 'crypto') throw noScepMessage('It is no CMS SignedData.', error);
    throw error;
  }
}

function readTransactionId(signer: MessageSigner): TextAttribute {
  try {
    const attribute = textAttribute(signer, scepOids.transactionId, transactionIdLimits);
    if (attribute !== undefined) return attribute;
  } catch (error) {
    throw noScepMessage('Its transactionID cannot be used.', error);
  }
  throw noScepMessage('It has no transactionID.');
}

function noScepMessage(reason: string, cause?: unknown): GatewayError {
  return new GatewayError('http.message', `This is no SCEP message. ${reason}`, {
    ...(isGatewayError(cause) && cause.detail !== undefined ? { detail: cause.detail } : {}),
    ...(cause === undefined ? {} : { cause }),
  });
}
