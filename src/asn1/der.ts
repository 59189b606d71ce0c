/** A DER writer: each function returns one complete element (X.690 §10). Static parts can be kept. */
import { encodeOid } from './oid.js';
import { tag } from './tag.js';

export function element(identifier: number, ...content: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const part of content) length += part.length;
  const lengthOctets =
    length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x10000 ? 2 : length < 0x1000000 ? 3 : 4;
  const out = Buffer.allocUnsafe(2 + lengthOctets + length);
  out[0] = identifier;
  if (lengthOctets === 0) out[1] = length;
  else {
    out[1] = 0x80 | lengthOctets;
    out.writeUIntBE(length, 2, lengthOctets);
  }
  let at = 2 + lengthOctets;
  for (const part of content) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return element(tag.sequence, ...parts);
}

/** SET OF: members sorted by their encodings, as DER demands (X.690 §11.6). */
export function setOf(...members: readonly Uint8Array[]): Buffer {
  return element(tag.set, ...[...members].sort((a, b) => Buffer.compare(a, b)));
}

/** SET OF in the order given: only for certificate sets, where Apple takes the first (RFC 5652 allows BER). */
export function setInOrder(...members: readonly Uint8Array[]): Buffer {
  return element(tag.set, ...members);
}

export function oid(value: string): Buffer {
  return element(tag.oid, encodeOid(value));
}

/** Non-negative INTEGER from a number or from unsigned big-endian octets, minimal form. */
export function unsignedInteger(value: number | Uint8Array): Buffer {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError('not an unsigned integer');
    const hex = value.toString(16);
    return unsignedInteger(Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex'));
  }
  let start = 0;
  while (start < value.length - 1 && value[start] === 0) start++;
  const minimal = value.subarray(start);
  if (minimal.length === 0) return element(tag.integer, Buffer.from([0]));
  return (minimal[0] ?? 0) & 0x80
    ? element(tag.integer, Buffer.from([0]), minimal)
    : element(tag.integer, minimal);
}

/** INTEGER from two's complement content octets, as they are. */
export function integerFromBytes(content: Uint8Array): Buffer {
  return element(tag.integer, content);
}

export function octetString(content: Uint8Array): Buffer {
  return element(tag.octetString, content);
}

export function bitString(content: Uint8Array, unusedBits = 0): Buffer {
  return element(tag.bitString, Buffer.from([unusedBits]), content);
}

/** BIT STRING of named bits: bit 0 is the first; trailing zero bits removed (X.690 §11.2.2). */
export function namedBits(bits: Iterable<number>): Buffer {
  const set = [...bits];
  if (set.length === 0) return bitString(Buffer.alloc(0));
  const highest = Math.max(...set);
  const content = Buffer.alloc((highest >> 3) + 1);
  for (const bit of set) content[bit >> 3] = (content[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return bitString(content, 7 - (highest & 7));
}

export function boolean(value: boolean): Buffer {
  return element(tag.boolean, Buffer.from([value ? 0xff : 0]));
}

export function nul(): Buffer {
  return Buffer.from([tag.null, 0]);
}

export function utf8String(text: string): Buffer {
  return element(tag.utf8String, Buffer.from(text, 'utf8'));
}

export function printableString(text: string): Buffer {
  return element(tag.printableString, Buffer.from(text, 'latin1'));
}

export function ia5String(text: string): Buffer {
  return element(tag.ia5String, Buffer.from(text, 'latin1'));
}

/** `[n] EXPLICIT` round complete elements, or `[n] IMPLICIT` of a constructed type's content. */
export function contextConstructed(n: number, ...parts: readonly Uint8Array[]): Buffer {
  return element(tag.contextConstructed(n), ...parts);
}

/** `[n] IMPLICIT` of a primitive type's content octets. */
export function context(n: number, content: Uint8Array): Buffer {
  return element(tag.context(n), content);
}
