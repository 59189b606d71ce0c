import { randomFillSync } from 'node:crypto';

/** RFC 4648 §6: no 0 and no 1, so that a help desk can read it out. */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const length = 12;

/**
 * Twelve base32 characters, 60 random bits: names one request in log, audit trail and error text. It is no
 * secret, so the random bits are drawn for many at once.
 */
export function correlationIds(): () => string {
  const pool = Buffer.alloc(length * 256);
  let at = pool.length;
  return () => {
    if (at === pool.length) {
      randomFillSync(pool);
      at = 0;
    }
    let id = '';
    for (const end = at + length; at < end; at++) id += alphabet.charAt(pool.readUInt8(at) & 31);
    return id;
  };
}
