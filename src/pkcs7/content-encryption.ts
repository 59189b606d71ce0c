/** CBC content encryption with PKCS#7 padding (RFC 5652 §6.3). */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { parseBer } from '../asn1/index.js';
import { isGatewayError } from '../errors/index.js';
import { ciphers, type ContentCipher } from './algorithms.js';
import { undecryptable } from './cms-error.js';
import { lessMask, zeroMask } from './constant-time.js';

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
 * The content of a message of SCEP: what unpads to one BER element (RFC 8894 §3.1), else undefined. Padding
 * and BER are both looked at whatever the other says: a reader that stopped at a bad padding would tell by
 * its time which of a stranger's altered ciphertexts are well padded, and that is enough to decrypt them.
 */
export function openContent(
  cipher: ContentCipher,
  key: Buffer,
  iv: Buffer,
  encrypted: Buffer,
): Buffer | undefined {
  // Lengths are no secret.
  if (key.length !== ciphers[cipher].keyLength) return undefined;
  if (encrypted.length === 0 || encrypted.length % iv.length !== 0) return undefined;
  const decryption = createDecipheriv(nodeName(cipher), nodeKey(cipher, key), iv);
  decryption.setAutoPadding(false);
  const padded = Buffer.concat([decryption.update(encrypted), decryption.final()]);
  const { good, length } = paddingOf(padded, iv.length);
  const content = padded.subarray(0, padded.length - length);
  const readable = isBer(content);
  return good && readable ? content : undefined;
}

/** PKCS#7 padding in constant time; `length` is 0 where it is bad. */
function paddingOf(
  padded: Buffer,
  blockOctets: number,
): { readonly good: boolean; readonly length: number } {
  const last = padded.readUInt8(padded.length - 1);
  let bad = zeroMask(last) | lessMask(blockOctets, last);
  for (let back = 1; back <= blockOctets; back++) {
    const isPadding = ~lessMask(last, back);
    bad |= isPadding & (padded.readUInt8(padded.length - back) ^ last);
  }
  const goodMask = zeroMask(bad & 0xff);
  return { good: goodMask !== 0, length: last & goodMask };
}

/**
 * One with more elements than the guard allows, a CertRep with a long CRL, is BER too, and for its reader
 * to judge.
 */
function isBer(content: Buffer): boolean {
  try {
    parseBer(content);
    return true;
  } catch (error) {
    return isGatewayError(error) && error.code === 'asn1.limit';
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
