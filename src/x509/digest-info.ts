import { hash } from 'node:crypto';
import { der } from '../asn1/index.js';
import type { SignatureDigest } from './keys.js';
import { algorithmWithNull } from './public-key.js';
import { digestOids } from './signature-algorithm.js';

const oids: Readonly<Record<SignatureDigest, string>> = {
  ...digestOids,
  md5: '1.2.840.113549.2.5',
};

/** DER DigestInfo over the digest of `data`: what RSASSA-PKCS1-v1_5 pads (RFC 8017 §9.2). */
export function digestInfo(digest: SignatureDigest, data: Buffer): Buffer {
  return der.sequence(
    algorithmWithNull(oids[digest]),
    der.octetString(hash(digest, data, 'buffer')),
  );
}
