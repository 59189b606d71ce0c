/** SignedAttributes of a SignerInfo (RFC 5652 §5.3) as read, and the bytes a signature may cover. */
import { der, tag, type BerNode } from '../asn1/index.js';
import { malformed } from './cms-error.js';

/**
 * Attribute type → members of its SET, as received. RFC 5652 §5.3 allows a type once; two would let two
 * readers see two messages.
 * @throws GatewayError `cms.malformed`
 */
export function readAttributes(set: BerNode): ReadonlyMap<string, readonly BerNode[]> {
  const attributes = new Map<string, readonly BerNode[]>();
  for (const attribute of set.children) {
    const type = attribute.require(tag.sequence).child(0).oid();
    if (attributes.has(type)) throw malformed(`attribute ${type} twice`);
    attributes.set(type, attribute.expect(1, tag.set).children);
  }
  return attributes;
}

/**
 * The signature covers the DER encoding as SET OF (RFC 5652 §5.4). Signers that do not sort sign what
 * they send; signers that send BER sign the DER of it (P1 of the interop notes). In that order.
 */
export function* signedEncodings(set: BerNode): Generator<Buffer> {
  const received = Buffer.from(set.raw);
  received[0] = tag.set;
  yield received;
  const canonical = der.setOf(...set.children.map(toDer));
  if (!canonical.equals(received)) yield canonical;
}

function toDer(node: BerNode): Buffer {
  if (!node.constructed) return der.element(node.tag, node.content);
  if (isSegmentedString(node)) return der.element(node.tag & ~0x20, node.octets());
  const children = node.children.map(toDer);
  return node.tag === tag.set ? der.setOf(...children) : der.element(node.tag, ...children);
}

/** A universal constructed type other than SEQUENCE and SET is a string in segments (X.690 §8.7.3). */
function isSegmentedString(node: BerNode): boolean {
  return node.tag < 0x40 && node.tag !== tag.sequence && node.tag !== tag.set;
}
