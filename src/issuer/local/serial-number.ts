/**
 * Content octets of a new serial number: 17 octets that begin with the bits 01, then 134 random bits.
 * So it is positive and never zero, all have one length, and 128 bits stay random where 16 octets with
 * the sign bit cleared would leave 127 (RFC 5280 §4.1.2.2 allows 20 octets).
 */
export function newSerialNumber(randomBytes: (size: number) => Buffer): Buffer {
  const octets = Buffer.from(randomBytes(17));
  octets[0] = ((octets[0] ?? 0) & 0x3f) | 0x40;
  return octets;
}
