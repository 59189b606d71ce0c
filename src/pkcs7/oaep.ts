/** EME-OAEP (RFC 8017 §7.1) over MGF1 (appendix B.2.1), with digests for label and mask that may differ. */
import { hash, randomBytes } from 'node:crypto';
import type { DigestAlgorithm } from './algorithms.js';
import { selectBytes, zeroMask } from './constant-time.js';

export interface OaepParameters {
  readonly digest: DigestAlgorithm;
  readonly mgfDigest: DigestAlgorithm;
  readonly label: Buffer;
}

/**
 * The key inside `encoded` (modulus-sized), which must be as long as `substitute`, else `substitute`:
 * chosen without a branch on what `encoded` holds.
 */
export function decodeOaep(
  encoded: Buffer,
  { digest, mgfDigest, label }: OaepParameters,
  substitute: Buffer,
): Buffer {
  const labelHash = digestOf(digest, label);
  const dbStart = 1 + labelHash.length;
  if (encoded.length < dbStart + labelHash.length + 1 + substitute.length) return substitute;
  const seed = masked(encoded.subarray(1, dbStart), encoded.subarray(dbStart), mgfDigest);
  const db = masked(encoded.subarray(dbStart), seed, mgfDigest);

  // DB = lHash 00…00 01 key: as with PKCS#1 v1.5, the length of the key fixes every position.
  const separator = db.length - substitute.length - 1;
  let bad = encoded.readUInt8(0) | (db.readUInt8(separator) ^ 0x01);
  for (let at = 0; at < labelHash.length; at++) bad |= db.readUInt8(at) ^ labelHash.readUInt8(at);
  for (let at = labelHash.length; at < separator; at++) bad |= db.readUInt8(at);
  return selectBytes(zeroMask(bad), db.subarray(separator + 1), substitute);
}

/** Modulus-sized encoded message; undefined when the modulus is too small for key and digest. */
export function encodeOaep(
  key: Buffer,
  { digest, mgfDigest, label }: OaepParameters,
  modulusOctets: number,
): Buffer | undefined {
  const labelHash = digestOf(digest, label);
  const padding = modulusOctets - 2 * labelHash.length - 2 - key.length;
  if (padding < 0) return undefined;
  const seed = randomBytes(labelHash.length);
  const db = Buffer.concat([labelHash, Buffer.alloc(padding), Buffer.from([1]), key]);
  const maskedDb = masked(db, seed, mgfDigest);
  return Buffer.concat([Buffer.alloc(1), masked(seed, maskedDb, mgfDigest), maskedDb]);
}

/** `data` XOR MGF1(seed). */
function masked(data: Buffer, seed: Buffer, digest: DigestAlgorithm): Buffer {
  const blocks: Buffer[] = [];
  const counter = Buffer.alloc(4);
  for (let made = 0, n = 0; made < data.length; n++) {
    counter.writeUInt32BE(n);
    const block = digestOf(digest, Buffer.concat([seed, counter]));
    blocks.push(block);
    made += block.length;
  }
  const mask = Buffer.concat(blocks);
  return Buffer.from(data.map((octet, at) => octet ^ mask.readUInt8(at)));
}

function digestOf(digest: DigestAlgorithm, data: Buffer): Buffer {
  return hash(digest, data, 'buffer');
}
