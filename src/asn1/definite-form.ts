import { element } from './der.js';
import type { BerNode } from './node.js';
import { constructedBit, tag } from './tag.js';

/**
 * BER brought into one shape: definite minimal lengths, string types in one piece. What a client sent as
 * BER leaves as DER, members of a SET in the order received. It is also what pkijs can read: that gives
 * empty views for segmented strings and its schemas refuse them outside a content, where jscep and
 * Bouncy Castle send indefinite lengths and segments at every level.
 */
export function definiteForm(node: BerNode): Buffer {
  if (!node.constructed) return element(node.tag, node.content);
  const primitiveTag = node.tag & ~constructedBit;
  return stringTags.has(primitiveTag)
    ? element(primitiveTag, node.octets())
    : element(node.tag, ...node.children.map(definiteForm));
}

/** Universal types that BER may cut into segments (X.690 §8.7, §8.23, §8.25); BIT STRING is not needed here. */
const stringTags: ReadonlySet<number> = new Set([
  tag.octetString,
  tag.utf8String,
  tag.numericString,
  tag.printableString,
  tag.teletexString,
  tag.ia5String,
  tag.utcTime,
  tag.generalizedTime,
  tag.visibleString,
  tag.universalString,
  tag.bmpString,
]);
