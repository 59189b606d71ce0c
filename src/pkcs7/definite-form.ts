/**
 * BER brought into one shape: definite minimal lengths, string types in one piece. pkijs gives empty
 * views for segmented strings and its schemas refuse them outside a content; in this form it reads what
 * jscep and Bouncy Castle send (indefinite lengths, segments at every level) like anything else.
 */
import { der, tag, type BerNode } from '../asn1/index.js';

/** Identifier bit of constructed encodings (X.690 §8.1.2.5). */
const constructedBit = 0x20;

/** What is DER already comes back as it was. */
export function definiteForm(node: BerNode): Buffer {
  if (!node.constructed) return der.element(node.tag, node.content);
  const primitiveTag = node.tag & ~constructedBit;
  return stringTags.has(primitiveTag)
    ? der.element(primitiveTag, node.octets())
    : der.element(node.tag, ...node.children.map(definiteForm));
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
