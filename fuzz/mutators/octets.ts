/** Changes without regard to structure: for binary protocols, and a part of what the others do. */
import type { Random } from '../random.js';

/** One to four changes. */
export function mutateOctets(random: Random, input: Buffer, other: Buffer): Buffer {
  let mutated = input;
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    mutated = changeOctets(random, mutated, other);
  }
  return mutated;
}

export function changeOctets(random: Random, input: Buffer, other: Buffer): Buffer {
  if (input.length === 0) return random.bytes(1 + random.below(16));
  const at = random.below(input.length);
  const length = Math.min(1 + random.below(32), input.length - at);
  const before = input.subarray(0, at);
  const behind = input.subarray(at + length);
  switch (random.below(11)) {
    case 0:
      return edited(input, at, (octet) => octet ^ (1 << random.below(8)));
    case 1:
      return edited(input, at, () => random.below(256));
    case 2:
      return edited(input, at, (octet) => octet + random.pick([-1, 1, 2, -2]));
    case 3:
      return before;
    case 4:
      return Buffer.concat([before, behind]);
    case 5:
      return Buffer.concat([before, random.bytes(length), behind]);
    case 6:
      return Buffer.concat([input.subarray(0, at + length), input.subarray(at)]);
    case 7:
      return Buffer.concat([input, random.bytes(length)]);
    case 8:
      return Buffer.concat([before, other.subarray(random.below(other.length + 1))]);
    case 9:
      return Buffer.concat([before, pieceOf(random, other), input.subarray(at)]);
    default:
      return withNumber(random, input, at);
  }
}

export function edited(input: Buffer, at: number, edit: (octet: number) => number): Buffer {
  const copy = Buffer.from(input);
  copy[at] = edit(copy[at] ?? 0) & 0xff;
  return copy;
}

/** Counts, lengths and offsets are where binary readers go wrong: of two or four octets, either order. */
function withNumber(random: Random, input: Buffer, at: number): Buffer {
  const octets = random.pick([2, 4]);
  if (at + octets > input.length) return input;
  const most = 2 ** (8 * octets) - 1;
  const value = random.pick([0, 1, 0x7f, 0x80, 0xff, most >>> 1, most, input.length, at]) & most;
  const copy = Buffer.from(input);
  if (random.oneIn(2)) copy.writeUIntLE(value >>> 0, at, octets);
  else copy.writeUIntBE(value >>> 0, at, octets);
  return copy;
}

function pieceOf(random: Random, other: Buffer): Buffer {
  const from = random.below(other.length + 1);
  return other.subarray(from, from + random.below(64));
}
