import type { PublicKey } from './public-key.js';

/**
 * Private keys as the rest of the house sees them. `src/keys` implements both (encrypted files now,
 * PKCS#11 later); nobody else touches private key material.
 */
export type SignatureDigest = 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512';

export interface SigningKey {
  readonly publicKey: PublicKey;
  /** PKCS#1 v1.5 for RSA, DER ECDSA for EC; hashes `data` itself. Off the event loop where it can be. */
  sign(digest: SignatureDigest, data: Buffer): Promise<Buffer>;
}

export interface DecryptionKey {
  readonly publicKey: PublicKey;
  /**
   * RSA private operation without unpadding (RSADP): modulus-sized result. The caller unpads in
   * constant time. Rejects only when the ciphertext is not in range or the key cannot be reached.
   */
  rawDecrypt(ciphertext: Buffer): Promise<Buffer>;
  /** Secret of this key for implicit rejection: 32 octets, the same for the life of the key. */
  rejectionSecret(): Buffer;
}

/** An RSA key that does both, as an RA with one certificate needs. */
export type RsaKey = SigningKey & DecryptionKey;
