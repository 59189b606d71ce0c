/**
 * RC4, which OpenSSL 3 keeps out of reach: MS-NLMP seals with it and wraps the session key in it.
 * @returns enciphers or deciphers the next octets of the stream
 */
export function createRc4(key: Uint8Array): (octets: Uint8Array) => Buffer {
  const state = Uint8Array.from({ length: 256 }, (_, at) => at);
  let i = 0;
  let j = 0;

  function swap(): number {
    const left = state[i] ?? 0;
    const right = state[j] ?? 0;
    state[i] = right;
    state[j] = left;
    return (left + right) & 0xff;
  }

  for (i = 0; i < 256; i++) {
    j = (j + (state[i] ?? 0) + (key[i % key.length] ?? 0)) & 0xff;
    swap();
  }
  i = 0;
  j = 0;
  return (octets) => {
    const out = Buffer.alloc(octets.length);
    octets.forEach((octet, at) => {
      i = (i + 1) & 0xff;
      j = (j + (state[i] ?? 0)) & 0xff;
      out[at] = octet ^ (state[swap()] ?? 0);
    });
    return out;
  };
}
