/**
 * id-alg-PWRI-KEK (RFC 3211 §2.3): a content key, with its length and three check octets in front,
 * encrypted twice in CBC so that every octet of the result depends on every octet of the key.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';

export interface KeyEncryption {
  /** Without 'des-cbc': DES cannot protect a key. */
  readonly cipher: 'des-ede3-cbc' | 'aes-128-cbc' | 'aes-192-cbc' | 'aes-256-cbc';
  readonly iv: Buffer;
}

export function wrapKey(
  { cipher, iv }: KeyEncryption,
  kek: Buffer,
  contentKey: Buffer,
  randomBytes: (size: number) => Buffer,
): Buffer {
  const used = 4 + contentKey.length;
  const size = Math.max(2, Math.ceil(used / iv.length)) * iv.length;
  const check = contentKey.subarray(0, 3).map((octet) => octet ^ 0xff);
  const head = [Buffer.from([contentKey.length]), check, contentKey];
  const block = Buffer.concat([...head, randomBytes(size - used)]);

  // The second pass goes on in the chain of the first: its IV is the last block of the first.
  const encryption = createCipheriv(cipher, kek, iv).setAutoPadding(false);
  return encryption.update(encryption.update(block));
}

/** Undefined when the check octets disagree, which is what a wrong password looks like. */
export function unwrapKey(
  { cipher, iv }: KeyEncryption,
  kek: Buffer,
  wrapped: Buffer,
): Buffer | undefined {
  const size = iv.length;
  if (wrapped.length < 2 * size || wrapped.length % size !== 0) return undefined;
  const decrypt = (chain: Buffer, blocks: Buffer): Buffer =>
    createDecipheriv(cipher, kek, chain).setAutoPadding(false).update(blocks);

  const last = decrypt(wrapped.subarray(-2 * size, -size), wrapped.subarray(-size));
  const block = decrypt(iv, decrypt(last, wrapped));
  const length = block.readUInt8(0);
  if (length < 3 || length > block.length - 4) return undefined;
  const key = block.subarray(4, 4 + length);
  const agrees = [0, 1, 2].every((at) => (block.readUInt8(1 + at) ^ key.readUInt8(at)) === 0xff);
  return agrees ? key : undefined;
}
