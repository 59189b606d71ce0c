/** The floor of a profile: what a request may use. Checked by name, before any RSA work. */
import { GatewayError } from '../errors/index.js';
import type { ContentCipher, DigestAlgorithm } from '../pkcs7/index.js';
import type { ScepProfile } from './scep-server.types.js';

export const digestNames: Readonly<Record<DigestAlgorithm, string>> = {
  md5: 'MD5',
  sha1: 'SHA-1',
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
};

export const cipherNames: Readonly<Record<ContentCipher, string>> = {
  'des-cbc': 'single DES',
  'des-ede3-cbc': '3DES',
  'aes-128-cbc': 'AES-128',
  'aes-192-cbc': 'AES-192',
  'aes-256-cbc': 'AES-256',
};

/** @throws GatewayError `scep.algorithm-floor` */
export function requireDigest({ digests }: ScepProfile['floor'], digest: DigestAlgorithm): void {
  if (!digests.includes(digest)) {
    throw belowFloor(
      'digest',
      digestNames[digest],
      digests.map((allowed) => digestNames[allowed]),
    );
  }
}

/** @throws GatewayError `scep.algorithm-floor` */
export function requireCipher({ ciphers }: ScepProfile['floor'], cipher: ContentCipher): void {
  if (!ciphers.includes(cipher)) {
    throw belowFloor(
      'content cipher',
      cipherNames[cipher],
      ciphers.map((allowed) => cipherNames[allowed]),
    );
  }
}

function belowFloor(role: string, name: string, allowed: readonly string[]): GatewayError {
  return new GatewayError('scep.algorithm-floor', `The ${role} ${name} is not allowed here.`, {
    mend: `Allowed: ${allowed.join(', ')}.`,
  });
}
