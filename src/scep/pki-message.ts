/** A pkiMessage (RFC 8894 §3) on the server's side: from octets to what the operations work with. */
import { GatewayError, isGatewayError } from '../errors/index.js';
import type { DigestAlgorithm, MessageSigner, Pkcs7Codec, SignedMessage } from '../pkcs7/index.js';
import {
  missingAttribute,
  octetsAttribute,
  textAttribute,
  type SignedAttributes,
  type TextAttribute,
} from './attribute.js';
import { messageTypeFromWire, type MessageType } from './message-type.js';
import { scepOids } from './oids.js';
import { salvageAttributes } from './salvaged-attributes.js';

/** Enough to send a CertRep back, whatever else is wrong. Nothing in it is verified. */
export interface ReceivedMessage {
  readonly transactionId: TextAttribute;
  /** Undefined when the client sent none, or none that can be echoed. */
  readonly senderNonce: Buffer | undefined;
  readonly digest: DigestAlgorithm | undefined;
  readonly body: ReadableMessage | UnsupportedMessage;
}

interface ReadableMessage {
  readonly kind: 'readable';
  readonly signed: SignedMessage;
  readonly signer: MessageSigner;
}

/** Made with algorithms outside our tables: all there is to say is which. */
interface UnsupportedMessage {
  readonly kind: 'unsupported';
  readonly fault: GatewayError;
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
  if (isGatewayError(signed)) {
    const body = { kind: 'unsupported', fault: signed } as const;
    return { ...addressOf(salvage(bytes)), digest: undefined, body };
  }
  const { signer } = signed;
  if (signer === undefined) throw noScepMessage('It is signed by nobody.');
  const body = { kind: 'readable', signed, signer } as const;
  return { ...addressOf(signer), digest: signer.digest, body };
}

/** @throws GatewayError `scep.attribute` */
export function readMessageType(signer: MessageSigner): MessageType {
  const messageType = textAttribute(signer, scepOids.messageType, { min: 1, max: 32 });
  if (messageType === undefined) throw missingAttribute(scepOids.messageType);
  return messageTypeFromWire(messageType.text);
}

/** Clients have been seen to send none; one that is sent has to be one. @throws GatewayError `scep.attribute` */
export function requireUsableNonce(signer: MessageSigner): void {
  octetsAttribute(signer, scepOids.senderNonce, nonceLimits);
}

/** The fault itself where it is an algorithm we do not know. */
function readSigned(codec: Pkcs7Codec, bytes: Buffer): SignedMessage | GatewayError {
  try {
    return codec.readSigned(bytes);
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    if (error.class === 'algorithm') return error;
    if (error.class === 'crypto') throw noScepMessage('It is no CMS SignedData.', error);
    throw error;
  }
}

/** Found unreadable only now: the codec gave up before it came to the attributes. */
function salvage(bytes: Buffer): SignedAttributes {
  try {
    return salvageAttributes(bytes);
  } catch (error) {
    throw noScepMessage('It is no CMS SignedData.', error);
  }
}

function addressOf(
  attributes: SignedAttributes,
): Pick<ReceivedMessage, 'transactionId' | 'senderNonce'> {
  return { transactionId: readTransactionId(attributes), senderNonce: readNonce(attributes) };
}

function readTransactionId(attributes: SignedAttributes): TextAttribute {
  try {
    const attribute = textAttribute(attributes, scepOids.transactionId, transactionIdLimits);
    if (attribute !== undefined) return attribute;
  } catch (error) {
    throw noScepMessage('Its transactionID cannot be used.', error);
  }
  throw noScepMessage('It has no transactionID.');
}

/** A nonce that cannot be read is one fault among others, and the reply goes out without it. */
function readNonce(attributes: SignedAttributes): Buffer | undefined {
  try {
    return octetsAttribute(attributes, scepOids.senderNonce, nonceLimits);
  } catch {
    return undefined;
  }
}

function noScepMessage(reason: string, cause?: unknown): GatewayError {
  return new GatewayError('http.message', `This is no SCEP message. ${reason}`, {
    ...(isGatewayError(cause) && cause.detail !== undefined ? { detail: cause.detail } : {}),
    ...(cause === undefined ? {} : { cause }),
  });
}
