import {
  canDecrypt,
  ciphers,
  type ContentCipher,
  type DigestAlgorithm,
  type EnvelopeRecipient,
  type KeyTransport,
} from '../pkcs7/index.js';
import type { Certificate } from '../x509/index.js';

/**
 * To whom a SUCCESS is encrypted (RFC 8894 §3.1): the certificate that signed the request, with the key
 * transport the client used towards us; or, where that key cannot decrypt (EC), the password both know.
 *
 * @returns undefined when there is neither, so nothing can be answered in secret
 */
export function replyRecipient(
  signer: Certificate,
  keyTransport: KeyTransport | undefined,
  cipher: ContentCipher,
  password: string | undefined,
): EnvelopeRecipient | undefined {
  const mirrored = [keyTransport, pkcs1].find(
    (candidate) =>
      candidate !== undefined &&
      candidate.kind !== 'password' &&
      carries(signer, candidate, ciphers[cipher].keyLength),
  );
  if (mirrored !== undefined && mirrored.kind !== 'password') {
    return { kind: 'certificate', certificate: signer, keyTransport: mirrored };
  }
  return password === undefined ? undefined : { kind: 'password', password };
}

const pkcs1 = { kind: 'rsaes-pkcs1-v1_5' } as const;

const digestLengths: Readonly<Record<DigestAlgorithm, number>> = {
  md5: 16,
  sha1: 20,
  sha256: 32,
  sha384: 48,
  sha512: 64,
};

/** RFC 8017 §7.1.1 and §7.2.1: OAEP with a long digest does not fit a small client key, PKCS#1 v1.5 may. */
function carries(
  { publicKey }: Certificate,
  transport: Exclude<KeyTransport, { kind: 'password' }>,
  keyLength: number,
): boolean {
  if (!canDecrypt(publicKey)) return false;
  const overhead = transport.kind === 'rsaes-oaep' ? 2 * digestLengths[transport.digest] + 2 : 11;
  return Math.ceil(publicKey.bits / 8) >= keyLength + overhead;
}
