/** Where the pkiMessage of a request is, by GET or by POST (RFC 8894 §4.1). */
import { GatewayError } from '../errors/index.js';
import { decodeMessageText, decodeQueryMessage } from './message-text.js';
import { bodyTooLarge } from './request-body.js';

/** @throws GatewayError `http.message` or `http.uri-too-large` */
export function queryMessage(value: string | undefined, messageBytes: number): Buffer {
  if (value === undefined || value === '') throw missingMessage();
  return decodeQueryMessage(value, {
    bytes: messageBytes,
    tooLarge: () =>
      new GatewayError(
        'http.uri-too-large',
        `The message in the query is larger than ${messageBytes} octets.`,
      ),
  });
}

/**
 * DER as it is; base64 or PEM, which some clients post, decoded. What is neither goes on unchanged: to
 * say what is wrong with it is the SCEP server's business.
 * @throws GatewayError `http.message` or `http.too-large`
 */
export function bodyMessage(body: Buffer, messageBytes: number): Buffer {
  if (body.length === 0) throw missingMessage();
  const bytes = isMessageText(body)
    ? decodeMessageText(body.toString('latin1'), {
        bytes: messageBytes,
        tooLarge: () => bodyTooLarge(messageBytes),
      })
    : body;
  if (bytes.length > messageBytes) throw bodyTooLarge(messageBytes);
  return bytes;
}

/** Octets a body may take: base64 in short CRLF lines with armour is well below twice the message. */
export function bodyLimit(messageBytes: number): number {
  return messageBytes * 2;
}

/** Base64 of a SEQUENCE starts with `M`; DER with 0x30, which is the text `0`. */
function isMessageText(body: Buffer): boolean {
  const start = body.subarray(0, 64).toString('latin1').trimStart();
  return /^(?:M|-----BEGIN )/.test(start);
}

function missingMessage(): GatewayError {
  return new GatewayError('http.message', 'PKIOperation came without a message.', {
    mend: 'Send the pkiMessage as the body of a POST, or base64 of it in `message=` of a GET.',
  });
}
