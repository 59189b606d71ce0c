/**
 * A pkiMessage written as text: base64 in a URL, or where a client posted base64 or PEM instead of DER.
 * All these come from clients in the field: `%2B`; a raw `+`, or the blank a proxy made of it (jscep, Apple);
 * `%0A` every 64 characters (sscep); the URL-safe alphabet and no padding (scepclient 2.1.0).
 */
import { GatewayError } from '../errors/index.js';

export interface TextLimit {
  /** Largest message, octets. */
  readonly bytes: number;
  /** What to say when it is larger. */
  readonly tooLarge: () => GatewayError;
}

/**
 * Decodes `message=` of a GET. The limit is enforced before anything is decoded.
 * @throws GatewayError `http.message`, or what `limit.tooLarge` makes
 */
export function decodeQueryMessage(value: string, limit: TextLimit): Buffer {
  // Worst case: every base64 character percent-encoded, in lines of 64.
  if (value.length > limit.bytes * 5) throw limit.tooLarge();
  // A second round for proxies that encode what is encoded; base64 itself has no percent sign.
  return decodeMessageText(decodePercent(decodePercent(value)), limit);
}

/**
 * Decodes base64 of either alphabet, with or without padding, line breaks or PEM armour.
 * @throws GatewayError `http.message`, or what `limit.tooLarge` makes
 */
export function decodeMessageText(text: string, limit: TextLimit): Buffer {
  const base64 = withoutPadding(
    text.replace(/-----[A-Z0-9 ]+-----/g, '').replace(/^\s+|[\t\r\n]+/g, ''),
  )
    .replaceAll(' ', '+')
    .replaceAll('-', '+')
    .replaceAll('_', '/');
  // One character beyond whole groups carries nothing: a stray blank at the end.
  const whole = base64.length % 4 === 1 && base64.endsWith('+') ? base64.slice(0, -1) : base64;
  if (Math.floor((whole.length * 3) / 4) > limit.bytes) throw limit.tooLarge();
  if (whole === '' || whole.length % 4 === 1 || !/^[A-Za-z0-9+/]*$/.test(whole)) {
    throw new GatewayError('http.message', 'The message is not base64.', {
      mend: 'Send the DER of the pkiMessage by POST, or base64 of it in `message=`.',
    });
  }
  return Buffer.from(whole, 'base64');
}

/** Leaves a lone `%` as it is. */
function decodePercent(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
}

/**
 * Without the `=` that end the text, and blanks among them. No pattern: tried anew at each `=`, one took
 * 40 seconds for a body of 128 KiB.
 */
function withoutPadding(text: string): string {
  let end = text.length;
  while (end > 0 && /[=\s]/.test(text.charAt(end - 1))) end--;
  const padding = text.indexOf('=', end);
  return padding < 0 ? text : text.slice(0, padding);
}
