import { randomBytes } from 'node:crypto';

/** RFC 4648 §6: no 0 and no 1, so that a help desk can read it out. */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const length = 12;

/** Twelve base32 characters, 60 random bits: names one request in log, audit trail and error text. */
export function newCorrelationId(): string {
  return Array.from(randomBytes(length), (octet) => alphabet.charAt(octet & 31)).join('');
}
