import { constants, verify, type KeyObject, type VerifyKeyObjectInput } from 'node:crypto';
import type { PublicKey } from '../x509/index.js';
import type { SignatureAlgorithm } from './algorithm-identifier.js';
import type { DigestAlgorithm } from './algorithms.js';

/**
 * `digest` is the signer's digestAlgorithm, which the floor has judged: a signature algorithm that names
 * another one is refused, or a weak digest could hide behind a strong one.
 * @returns false for every disagreement, a key that cannot be used included; never throws
 */
export function verifySignature(
  algorithm: SignatureAlgorithm,
  digest: DigestAlgorithm,
  publicKey: PublicKey,
  data: Buffer,
  signature: Buffer,
): boolean {
  if (algorithm.digest !== undefined && algorithm.digest !== digest) return false;
  try {
    const key = verificationKey(algorithm, publicKey.keyObject);
    return key !== undefined && verify(digest, data, key, signature);
  } catch {
    return false;
  }
}

/** Undefined when the key is of another kind than the algorithm. */
function verificationKey(
  algorithm: SignatureAlgorithm,
  key: KeyObject,
): VerifyKeyObjectInput | undefined {
  const type = key.asymmetricKeyType;
  switch (algorithm.kind) {
    case 'rsassa-pkcs1-v1_5':
      return type === 'rsa' ? { key, padding: constants.RSA_PKCS1_PADDING } : undefined;
    case 'rsassa-pss':
      return type === 'rsa' || type === 'rsa-pss'
        ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: algorithm.saltLength }
        : undefined;
    case 'ecdsa':
      return type === 'ec' ? { key, dsaEncoding: 'der' } : undefined;
  }
}
