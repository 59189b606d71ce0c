import fc from 'fast-check';
import { der, parseBer, type BerNode } from '../../src/asn1/index.js';

export type Damage = (message: Buffer) => Buffer;

/** One octet, one bit, a cut, something behind, or a whole element missing. */
export const damages: fc.Arbitrary<Damage> = fc.oneof(
  fc
    .record({ at: fc.nat(), value: fc.integer({ min: 0, max: 255 }) })
    .map(({ at, value }): Damage => (message) => {
      const copy = Buffer.from(message);
      copy[at % copy.length] = value;
      return copy;
    }),
  fc.record({ at: fc.nat(), bit: fc.nat({ max: 7 }) }).map(({ at, bit }): Damage => (message) => {
    const copy = Buffer.from(message);
    copy[at % copy.length]! ^= 1 << bit;
    return copy;
  }),
  fc.nat().map(
    (at): Damage =>
      (message) =>
        message.subarray(0, at % message.length),
  ),
  fc.uint8Array({ minLength: 1, maxLength: 4 }).map(
    (extra): Damage =>
      (message) =>
        Buffer.concat([message, extra]),
  ),
  fc.nat().map(
    (pick): Damage =>
      (message) =>
        withoutOneElement(message, pick),
  ),
);

/** A tree that is still well-formed, but lacks one element: damage no length check finds. */
function withoutOneElement(message: Buffer, pick: number): Buffer {
  const root = parseBer(message);
  const all = elements(root);
  const victim = all[pick % all.length];
  return victim === undefined ? message : rebuild(root, victim);
}

function elements(node: BerNode): BerNode[] {
  return node.children.flatMap((child) => [child, ...elements(child)]);
}

function rebuild(node: BerNode, victim: BerNode): Buffer {
  if (!node.constructed) return node.raw;
  const kept = node.children.filter((child) => child !== victim);
  return der.element(node.tag, ...kept.map((child) => rebuild(child, victim)));
}
