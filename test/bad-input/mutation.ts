/** Messages that were good once: octets, lengths and whole elements changed at random. */
import { der, parseBer, type BerNode } from '../../src/asn1/index.js';
import type { Random } from './random.js';
import { replaceNode } from './surgery.js';

/** One to three changes; `other` is a message to take pieces from. */
export function mutate(random: Random, message: Buffer, other: Buffer): Buffer {
  let mutated = message;
  for (let changes = 1 + random.below(3); changes > 0; changes--) {
    mutated =
      random.below(2) === 0 ? rewrite(random, mutated) : restructure(random, mutated, other);
    if (mutated.length === 0) return mutated;
  }
  return mutated;
}

/** Without regard to structure. */
function rewrite(random: Random, message: Buffer): Buffer {
  const at = random.below(message.length);
  const length = Math.min(1 + random.below(32), message.length - at);
  const rest = message.subarray(at + length);
  switch (random.below(6)) {
    case 0:
      return edited(message, at, (octet) => octet ^ (1 << random.below(8)));
    case 1:
      return edited(message, at, () => random.below(256));
    case 2:
      return message.subarray(0, at);
    case 3:
      return Buffer.concat([message.subarray(0, at), rest]);
    case 4:
      return Buffer.concat([message.subarray(0, at), random.bytes(length), rest]);
    default:
      return Buffer.concat([message, random.bytes(length)]);
  }
}

/** One element changed; lengths around it are made right, unless the length is what is changed. */
function restructure(random: Random, message: Buffer, other: Buffer): Buffer {
  const root = parsed(message);
  const donor = parsed(other);
  if (root === undefined || donor === undefined) return rewrite(random, message);
  const node = random.pick(elements(root));
  const put = (...parts: Buffer[]) => replaceNode(root, node, Buffer.concat(parts));
  const foreign = random.pick(elements(donor)).raw;
  switch (random.below(12)) {
    case 0:
      return edited(message, node.start + 1, () => random.pick(lengths));
    case 1:
      return edited(message, node.start + 1, (octet) => octet + random.pick([-1, 1]));
    case 2:
      return edited(message, node.start, () => random.below(256));
    case 3:
      return put();
    case 4:
      return put(node.raw, node.raw);
    case 5:
      return put(foreign);
    case 6:
      return put(node.raw, foreign);
    case 7:
      return put(der.element(node.tag, random.bytes(random.below(40))));
    case 8:
      return put(der.element(node.tag));
    case 9:
      return put(wrapped(node.raw, random.below(40)));
    case 10:
      return put(Buffer.from([node.tag | 0x20, 0x80]), node.content, Buffer.alloc(2));
    default:
      return Buffer.concat([
        message.subarray(0, node.start),
        other.subarray(random.below(other.length)),
      ]);
  }
}

const lengths = [0x00, 0x01, 0x7f, 0x80, 0x81, 0x82, 0x84, 0x88, 0xff];

function edited(message: Buffer, at: number, edit: (octet: number) => number): Buffer {
  const copy = Buffer.from(message);
  copy[at] = edit(copy[at] ?? 0) & 0xff;
  return copy;
}

function parsed(message: Buffer): BerNode | undefined {
  try {
    return parseBer(message);
  } catch {
    return undefined;
  }
}

function elements(node: BerNode): BerNode[] {
  return [node, ...node.children.flatMap(elements)];
}

function wrapped(element: Buffer, times: number): Buffer {
  let inner = element;
  for (let i = 0; i < times; i++) inner = der.sequence(inner);
  return inner;
}
