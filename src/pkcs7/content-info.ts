/** ContentInfo (RFC 5652 §3). */
import { der, tag, type BerNode } from '../asn1/index.js';
import { malformed } from './cms-error.js';

/** The SEQUENCE inside, which must be of the given type. */
export function readContentInfo(root: BerNode, contentType: string): BerNode {
  const found = root.require(tag.sequence).child(0).oid();
  if (found !== contentType) throw malformed(`content type ${found} instead of ${contentType}`);
  return root.expect(1, tag.contextConstructed(0)).expect(0, tag.sequence);
}

export function writeContentInfo(contentType: string, content: Buffer): Buffer {
  return der.sequence(der.oid(contentType), der.contextConstructed(0, content));
}
