/** MD4 (RFC 1320), which OpenSSL 3 keeps out of reach: the NT hash of a password is one. */

const rounds = [
  { words: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], turns: [3, 7, 11, 19] },
  { words: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15], turns: [3, 5, 9, 13] },
  { words: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15], turns: [3, 9, 11, 15] },
] as const;

const constants = [0, 0x5a827999, 0x6ed9eba1] as const;

export function md4(message: Uint8Array): Buffer {
  const padded = pad(message);
  let state: State = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (let block = 0; block < padded.length; block += 64) {
    state = compress(state, padded.subarray(block, block + 64));
  }
  const digest = Buffer.alloc(16);
  state.forEach((word, at) => digest.writeUInt32LE(word >>> 0, at * 4));
  return digest;
}

type State = readonly [number, number, number, number];

function pad(message: Uint8Array): Buffer {
  const padded = Buffer.alloc((message.length + 8 + 64) & ~63);
  padded.set(message);
  padded[message.length] = 0x80;
  padded.writeBigUInt64LE(BigInt(message.length) * 8n, padded.length - 8);
  return padded;
}

function compress(state: State, block: Buffer): State {
  let [a, b, c, d] = state;
  rounds.forEach(({ words, turns }, round) => {
    words.forEach((word, step) => {
      const sum = a + mix(round, b, c, d) + block.readUInt32LE(word * 4) + (constants[round] ?? 0);
      const turned = turnLeft(sum | 0, turns[step % 4] ?? 0);
      [a, b, c, d] = [d, turned, b, c];
    });
  });
  return [(state[0] + a) | 0, (state[1] + b) | 0, (state[2] + c) | 0, (state[3] + d) | 0];
}

function mix(round: number, x: number, y: number, z: number): number {
  if (round === 0) return (x & y) | (~x & z);
  if (round === 1) return (x & y) | (x & z) | (y & z);
  return x ^ y ^ z;
}

function turnLeft(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}
