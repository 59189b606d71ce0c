/**
 * A shorter input with the same fault: pieces are left out, then octets made plain, as long as it still
 * fails. Stops after `mostTries`.
 */
export async function minimize(
  input: Buffer,
  fails: (candidate: Buffer) => Promise<boolean>,
  mostTries: number,
): Promise<Buffer> {
  let best = input;
  let tries = 0;
  const better = async (candidate: Buffer): Promise<boolean> => {
    if (tries >= mostTries || candidate.equals(best)) return false;
    tries++;
    if (!(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let size = best.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < best.length;) {
      const shorter = Buffer.concat([best.subarray(0, at), best.subarray(at + size)]);
      if (!(await better(shorter))) at += size;
    }
  }
  for (let at = 0; at < best.length; at++) {
    const plain = Buffer.from(best);
    plain[at] = 0x41;
    await better(plain);
  }
  return best;
}
