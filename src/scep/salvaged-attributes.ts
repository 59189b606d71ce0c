import { parseBer, tag, type BerNode } from '../asn1/index.js';
import type { SignedAttributes } from './attribute.js';
import { scepOids } from './oids.js';

/**
 * What a reply is addressed by, found by its look in a message the codec gave up over an algorithm it does
 * not know: so that a client set to SHA-224 (strongSwan can be) is told by name what is wrong.
 *
 * @throws GatewayError `asn1.*`
 */
export function salvageAttributes(message: Buffer): SignedAttributes {
  const attributes = new Map<string, readonly BerNode[]>();
  collect(parseBer(message), attributes);
  return { attributes };
}

const wanted: ReadonlySet<string> = new Set([scepOids.transactionId, scepOids.senderNonce]);

function collect(node: BerNode, found: Map<string, readonly BerNode[]>): void {
  const [type, values] = node.children;
  if (node.is(tag.sequence) && type?.tag === tag.oid && values?.is(tag.set)) {
    const oid = type.oid();
    if (wanted.has(oid) && !found.has(oid)) found.set(oid, values.children);
  }
  for (const child of node.children) collect(child, found);
}
