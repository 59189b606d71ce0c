/** A CertRep from the client's side: believed only when all of it fits the request. */
import { GatewayError, isGatewayError } from '../../errors/index.js';
import { canDecrypt, type Pkcs7Codec } from '../../pkcs7/index.js';
import { readBundle, type Bundle } from '../../pkcs7/pkijs/index.js';
import type { MessageSigner, RecipientKey, SignedMessage } from '../../pkcs7/index.js';
import { octetsAttribute, textAttribute, type AttributeLimits } from '../attribute.js';
import { failInfoFromWire } from '../failure.js';
import { messageTypeFromWire } from '../message-type.js';
import { scepOids } from '../oids.js';
import { nonceLimits } from '../pki-message.js';
import type { ScepAuthority, ScepRefusal, ScepSigner } from './scep-client.types.js';

export type CertRep =
  /** `content`: the EnvelopedData, still closed. */
  | { readonly kind: 'success'; readonly content: Buffer }
  | { readonly kind: 'pending' }
  | ScepRefusal;

export interface Expected {
  readonly authority: ScepAuthority;
  readonly transactionId: string;
  /** Undefined where the request had none. */
  readonly senderNonce: Buffer | undefined;
}

/** @throws GatewayError `scep.reply` */
export function readCertRep(bytes: Buffer, expected: Expected, codec: Pkcs7Codec): CertRep {
  return asReply('The reply cannot be read.', () => {
    const message = codec.readSigned(bytes);
    const signer = requireTrustedSigner(message, expected.authority, codec);
    requireAnswerTo(expected, signer);
    return statusOf(message, signer);
  });
}

/**
 * @param password the challenge, for a signer whose key cannot decrypt (RFC 8894 §3.1)
 * @throws GatewayError `scep.reply`
 */
export async function openCertRep(
  content: Buffer,
  signer: ScepSigner,
  password: string | undefined,
  codec: Pkcs7Codec,
): Promise<Bundle> {
  try {
    const opened = await codec.openEnvelope(codec.readEnvelope(content), {
      recipients: recipientsOf(signer),
      ...(password === undefined ? {} : { password }),
    });
    return readBundle(opened.content);
  } catch (error) {
    throw asReplyFault('The reply cannot be decrypted.', error);
  }
}

/** By the certificates of GetCACert alone; what comes with the message proves nothing, and NDES sends none. */
export function requireTrustedSigner(
  message: SignedMessage,
  { certificates }: ScepAuthority,
  codec: Pkcs7Codec,
): MessageSigner {
  const { signer } = message;
  if (signer === undefined) throw replyFault('The reply is not signed.');
  const known = certificates.filter((certificate) => signer.isIdentifiedBy(certificate));
  if (known.length === 0) {
    throw replyFault(
      'The reply is signed by no certificate of GetCACert.',
      'Ask for GetCACert again: the RA certificate may have been renewed.',
    );
  }
  if (!known.some((certificate) => codec.verifySigned(message, certificate))) {
    throw replyFault('The signature of the reply does not verify.');
  }
  return signer;
}

/** Turns any fault of what the server sent into `scep.reply`, the cause kept. */
export function asReply<T>(message: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw asReplyFault(message, error);
  }
}

export function replyFault(message: string, mend?: string): GatewayError {
  return new GatewayError('scep.reply', message, mend === undefined ? {} : { mend });
}

function asReplyFault(message: string, error: unknown): unknown {
  if (!isGatewayError(error) || error.code === 'scep.reply') return error;
  return new GatewayError('scep.reply', message, {
    cause: error,
    detail: error.detail ?? error.message,
  });
}

function requireAnswerTo(expected: Expected, signer: MessageSigner): void {
  const messageType = text(signer, scepOids.messageType);
  if (messageType === undefined || messageTypeFromWire(messageType).kind !== 'CertRep') {
    throw replyFault('The reply is no CertRep.');
  }
  if (text(signer, scepOids.transactionId, { min: 1, max: 512 }) !== expected.transactionId) {
    throw replyFault('The reply belongs to another transaction.');
  }
  if (expected.senderNonce === undefined) return;
  const nonce = octetsAttribute(signer, scepOids.recipientNonce, nonceLimits);
  if (!nonce?.equals(expected.senderNonce)) {
    throw replyFault('The reply answers another message: its recipientNonce is not ours.');
  }
}

function statusOf({ content }: SignedMessage, signer: MessageSigner): CertRep {
  const status = text(signer, scepOids.pkiStatus);
  switch (status?.trim()) {
    case '0':
      if (content === undefined) throw replyFault('The reply says SUCCESS and brings nothing.');
      return { kind: 'success', content };
    case '2':
      return {
        kind: 'failed',
        failInfo: failInfoFromWire(text(signer, scepOids.failInfo) ?? ''),
        failInfoText: text(signer, scepOids.failInfoText, { min: 0, max: 4096 }),
        hresult: hresultOf(signer),
      };
    case '3':
      return { kind: 'pending' };
    default:
      throw replyFault(`The reply has the unknown pkiStatus ${JSON.stringify(status)}.`);
  }
}

/** NDES says why in Windows' own words: `-2147024809` is 0x80070057. */
function hresultOf(signer: MessageSigner): number | undefined {
  const value = text(signer, scepOids.microsoftError)?.trim() ?? '';
  return /^-?\d{1,10}$/.test(value) ? Number(value) >>> 0 : undefined;
}

function text(
  signer: MessageSigner,
  oid: string,
  limits: AttributeLimits = { min: 1, max: 32 },
): string | undefined {
  return textAttribute(signer, oid, limits)?.text;
}

function recipientsOf({ certificate, key }: ScepSigner): RecipientKey[] {
  return decrypts(key) ? [{ certificate, key }] : [];
}

function decrypts(key: ScepSigner['key']): key is ScepSigner['key'] & RecipientKey['key'] {
  return (
    canDecrypt(key.publicKey) && key.rawDecrypt !== undefined && key.rejectionSecret !== undefined
  );
}
