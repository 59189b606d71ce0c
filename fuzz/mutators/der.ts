/** Changes of BER by its structure: lengths around a change are made right, unless the length is the change. */
import { der, parseBer, tag, type BerNode } from '../../src/asn1/index.js';
import type { Random } from '../random.js';
import { replaceNode } from '../../test/bad-input/surgery.js';
import { changeOctets, edited } from './octets.js';

/** One to three changes. */
export function mutateDer(random: Random, input: Buffer, other: Buffer): Buffer {
  let mutated = input;
  for (let changes = 1 + random.below(3); changes > 0; changes--) {
    mutated = random.oneIn(3)
      ? changeOctets(random, mutated, other)
      : restructure(random, mutated, other);
    if (mutated.length === 0) return mutated;
  }
  return mutated;
}

function restructure(random: Random, input: Buffer, other: Buffer): Buffer {
  const root = parsed(input);
  if (root === undefined) return changeOctets(random, input, other);
  const all = elements(root);
  const node = random.pick(all);
  const put = (...parts: Buffer[]) => replaceNode(root, node, Buffer.concat(parts));
  switch (random.below(17)) {
    case 0:
      return edited(input, node.start + 1, () => random.pick(lengths));
    case 1:
      return edited(input, node.start + 1, (octet) => octet + random.pick([-1, 1]));
    case 2:
      return edited(input, node.start, () => random.pick([random.below(256), ...tags]));
    case 3:
      return put();
    case 4:
      return put(node.raw, node.raw);
    case 5:
      return put(foreign(random, other));
    case 6:
      return put(node.raw, foreign(random, other));
    case 7:
      return put(der.element(node.tag, random.bytes(random.below(40))));
    case 8:
      return put(der.element(node.tag));
    case 9:
      return put(wrapped(node.raw, 1 + random.below(40)));
    case 10:
      return put(Buffer.from([node.tag | 0x20, 0x80]), node.content, Buffer.alloc(2));
    case 11:
      return put(segmented(node));
    case 12:
      return put(longForm(node, 1 + random.below(5)));
    case 13:
      return exchanged(random, root, all);
    case 14:
      return put(...many(node.raw, random.below(300)));
    case 15:
      return inside(random, root, all, other);
    default:
      return damagedOid(random, input, all);
  }
}

const lengths = [0x00, 0x01, 0x7f, 0x80, 0x81, 0x82, 0x84, 0x85, 0x88, 0xff];
const tags = [0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x13, 0x16, 0x17, 0x18, 0x1e];

function parsed(input: Buffer): BerNode | undefined {
  try {
    return parseBer(input);
  } catch {
    return undefined;
  }
}

function elements(node: BerNode): BerNode[] {
  return [node, ...node.children.flatMap(elements)];
}

/** An element of another example. */
function foreign(random: Random, other: Buffer): Buffer {
  const donor = parsed(other);
  return donor === undefined ? random.bytes(4) : random.pick(elements(donor)).raw;
}

function wrapped(element: Buffer, times: number): Buffer {
  let inner = element;
  for (let i = 0; i < times; i++) inner = der.sequence(inner);
  return inner;
}

function many(element: Buffer, times: number): Buffer[] {
  return Array.from({ length: element.length * times > 8192 ? 3 : times }, () => element);
}

/** As BER may write a string: constructed, in pieces (X.690 §8.7.3). */
function segmented(node: BerNode): Buffer {
  if (node.constructed) return node.raw;
  const middle = node.content.length >> 1;
  const pieces = [node.content.subarray(0, middle), node.content.subarray(middle)];
  return der.element(node.tag | 0x20, ...pieces.map((piece) => der.octetString(piece)));
}

/** A length of more octets than it needs; more than four is what no message needs. */
function longForm(node: BerNode, octets: number): Buffer {
  const length = Buffer.alloc(octets);
  length.writeUIntBE(node.content.length % 2 ** (8 * octets), 0, octets);
  return Buffer.concat([Buffer.from([node.tag, 0x80 | octets]), length, node.content]);
}

/** Two elements of the message change places. */
function exchanged(random: Random, root: BerNode, all: readonly BerNode[]): Buffer {
  const a = random.pick(all);
  const b = random.pick(all);
  const first = replaceNode(root, a, b.raw);
  if (a.start >= b.start || a.end > b.start) return first;
  const rebuilt = (node: BerNode): Buffer => {
    if (node === a) return b.raw;
    if (node === b) return a.raw;
    return node.constructed ? der.element(node.tag, ...node.children.map(rebuilt)) : node.raw;
  };
  return rebuilt(root);
}

/** What an OCTET STRING or BIT STRING holds is often DER again: extensions, keys, contents. */
function inside(random: Random, root: BerNode, all: readonly BerNode[], other: Buffer): Buffer {
  const strings = all.filter((node) => node.tag === tag.octetString || node.tag === tag.bitString);
  if (strings.length === 0) return changeOctets(random, root.raw, other);
  const node = random.pick(strings);
  const skipped = node.tag === tag.bitString ? 1 : 0;
  const inner = mutateDer(random, node.content.subarray(skipped), other);
  const content = Buffer.concat([node.content.subarray(0, skipped), inner]);
  return replaceNode(root, node, der.element(node.tag, content));
}

function damagedOid(random: Random, input: Buffer, all: readonly BerNode[]): Buffer {
  const oids = all.filter((node) => node.tag === tag.oid && node.content.length > 0);
  if (oids.length === 0) return changeOctets(random, input, input);
  const node = random.pick(oids);
  const at = node.contentStart + random.below(node.content.length);
  return edited(input, at, (octet) => random.pick([octet ^ 0x80, octet + 1, octet - 1, 0x80]));
}
