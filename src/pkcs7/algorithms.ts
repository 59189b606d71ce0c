/**
 * Everything the gateway knows about the algorithms a SCEP peer can name, in one place: OID, node
 * name, key and IV length. A cipher or digest outside these tables is refused by name.
 */
import type { SignatureDigest } from '../x509/index.js';

export type DigestAlgorithm = SignatureDigest;

export const digests: Readonly<Record<DigestAlgorithm, { readonly oid: string }>> = {
  md5: { oid: '1.2.840.113549.2.5' },
  sha1: { oid: '1.3.14.3.2.26' },
  sha256: { oid: '2.16.840.1.101.3.4.2.1' },
  sha384: { oid: '2.16.840.1.101.3.4.2.2' },
  sha512: { oid: '2.16.840.1.101.3.4.2.3' },
};

export type ContentCipher =
  'des-cbc' | 'des-ede3-cbc' | 'aes-128-cbc' | 'aes-192-cbc' | 'aes-256-cbc';

export interface CipherFacts {
  readonly oid: string;
  /** Octets. */
  readonly keyLength: number;
  /** Octets; also the block length. */
  readonly ivLength: number;
}

export const ciphers: Readonly<Record<ContentCipher, CipherFacts>> = {
  'des-cbc': { oid: '1.3.14.3.2.7', keyLength: 8, ivLength: 8 },
  'des-ede3-cbc': { oid: '1.2.840.113549.3.7', keyLength: 24, ivLength: 8 },
  'aes-128-cbc': { oid: '2.16.840.1.101.3.4.1.2', keyLength: 16, ivLength: 16 },
  'aes-192-cbc': { oid: '2.16.840.1.101.3.4.1.22', keyLength: 24, ivLength: 16 },
  'aes-256-cbc': { oid: '2.16.840.1.101.3.4.1.42', keyLength: 32, ivLength: 16 },
};

export const cmsOids = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  envelopedData: '1.2.840.113549.1.7.3',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  rsaEncryption: '1.2.840.113549.1.1.1',
  rsaesOaep: '1.2.840.113549.1.1.7',
  rsassaPss: '1.2.840.113549.1.1.10',
  mgf1: '1.2.840.113549.1.1.8',
  pwriKek: '1.2.840.113549.1.9.16.3.9',
  pbkdf2: '1.2.840.113549.1.5.12',
  /** CMC (RFC 5272): id-cct-PKIData, id-cmc-addExtensions, id-alg-noSignature. */
  pkiData: '1.3.6.1.5.5.7.12.2',
  addExtensions: '1.3.6.1.5.5.7.7.8',
  noSignature: '1.3.6.1.5.5.7.6.2',
} as const;
