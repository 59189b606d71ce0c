/** Branch-free byte work for the unpadding code. Bytes in, masks of 8 bits (00 or ff) out. */

/** ff for 0, else 00. */
export function zeroMask(byte: number): number {
  return ((byte - 1) >> 8) & 0xff;
}

/** `whenSet` where the mask is ff, `whenClear` where it is 00; both of one length. */
export function selectBytes(mask: number, whenSet: Buffer, whenClear: Buffer): Buffer {
  const chosen = Buffer.alloc(whenClear.length);
  for (let at = 0; at < chosen.length; at++)
    chosen[at] = (whenSet.readUInt8(at) & mask) | (whenClear.readUInt8(at) & ~mask);
  return chosen;
}

/** ff where `a` is less than `b`, else 00; both are octets. */
export function lessMask(a: number, b: number): number {
  return ((a - b) >> 8) & 0xff;
}
