import { der, tag, type BerNode } from '../asn1/index.js';
import { extensionOids, type Extension } from './extension.js';

/** Reads `Extensions ::= SEQUENCE OF Extension` (RFC 5280 §4.1). */
export function readExtensions(list: BerNode): Extension[] {
  return list.require(tag.sequence).children.map((node) => {
    const flag = node.children[1];
    const critical = flag?.tag === tag.boolean && flag.content[0] !== 0;
    const value = node.children[node.children.length - 1];
    // Of two values, the CA may believe the other.
    if (node.children.length > 3) throw new RangeError('an extension has more than a value');
    if (!value?.is(tag.octetString)) throw new RangeError('extnValue is missing');
    return { oid: node.child(0).oid(), critical, value: value.octets() };
  });
}

/** DER of `Extensions`; DEFAULT FALSE is left out. */
export function writeExtensions(extensions: readonly Extension[]): Buffer {
  return der.sequence(
    ...extensions.map((extension) =>
      der.sequence(
        encodedOids.get(extension.oid) ?? der.oid(extension.oid),
        ...(extension.critical ? [critical] : []),
        der.octetString(extension.value),
      ),
    ),
  );
}

/** Hot path: every enrollment writes these. */
const encodedOids: ReadonlyMap<string, Buffer> = new Map(
  Object.values(extensionOids).map((oid) => [oid, der.oid(oid)]),
);
const critical = der.boolean(true);
