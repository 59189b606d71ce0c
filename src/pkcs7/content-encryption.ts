/** CBC content encryption with PKCS#7 padding (RFC 5652 §6.3). */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { ciphers, type ContentCipher } from './algorithms.js';
import { undecryptable } from './cms-error.js';

/** Octets of a DES key carry odd parity (FIPS 46-3): few look, but hardware tokens do. */
export function newContentKey(
  cipher: ContentCipher,
  randomBytes: (size: number) => Buffer,
): Buffer {
  const key = randomBytes(ciphers[cipher].keyLength);
  return cipher.startsWith('des') ? Buffer.from(key.map(withOddParity)) : key;
}

/** @throws RangeError when key or IV have not the length the cipher wants */
export function encryptContent(
  cipher: ContentCipher,
  key: Buffer,
  iv: Buffer,
  content: Buffer,
): Buffer {
  const encryption = createCipheriv(nodeName(cipher), nodeKey(cipher, key), iv);
  return Buffer.concat([encryption.update(content), encryption.final()]);
}

/** @throws GatewayError `cms.undecryptable`, the same for every reason */
export function decryptContent(
  cipher: ContentCipher,
  key: Buffer,
  iv: Buffer,
  encrypted: Buffer,
): Buffer {
  try {
    const decryption = createDecipheriv(nodeName(cipher), nodeKey(cipher, key), iv);
    return Buffer.concat([decryption.update(encrypted), decryption.final()]);
  } catch {
    throw undecryptable();
  }
}

/**
 * DES-EDE3 with K|K|K is DES: OpenSSL 3 keeps single DES behind its legacy provider, and a peer that
 * can do nothing else (Debian's scepclient) needs no flag from the operator this way.
 */
function nodeName(cipher: ContentCipher): Exclude<ContentCipher, 'des-cbc'> {
  return cipher === 'des-cbc' ? 'des-ede3-cbc' : cipher;
}

function nodeKey(cipher: ContentCipher, key: Buffer): Buffer {
  if (key.length !== ciphers[cipher].keyLength) throw new RangeError('content key length');
  return cipher === 'des-cbc' ? Buffer.concat([key, key, key]) : key;
}

function withOddParity(octet: number): number {
  let parity = 1;
  for (let bits = octet >> 1; bits > 0; bits >>= 1) parity ^= bits & 1;
  return (octet & 0xfe) | parity;
}
