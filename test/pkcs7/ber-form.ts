import { der, parseBer, tag, type BerNode } from '../../src/asn1/index.js';

export interface BerForm {
  /** Octets of a segment into which OCTET STRINGs (and `[0]` IMPLICIT ones) are cut. */
  readonly segment: number;
  readonly length: 'definite' | 'indefinite';
}

/**
 * The same value in a form that only BER allows (X.690 §8.1.3.6, §8.7.3), as jscep and OpenSSL stream it.
 * Certificates stay as they are: their bytes are signed.
 */
export function inBer(message: Buffer, form: BerForm): Buffer {
  return rewrite(parseBer(message), form);
}

function rewrite(node: BerNode, form: BerForm): Buffer {
  if (isCertificateSet(node)) return constructed(node.tag, [node.content], form);
  if (node.constructed)
    return constructed(
      node.tag,
      node.children.map((child) => rewrite(child, form)),
      form,
    );
  const isString = node.tag === tag.octetString || node.tag === tag.context(0);
  return isString
    ? constructed(node.tag | 0x20, segments(node.content, form.segment), form)
    : node.raw;
}

/** `[0]` with whole certificates inside, as only SignedData has. */
function isCertificateSet(node: BerNode): boolean {
  return (
    node.tag === tag.contextConstructed(0) && node.children[0]?.children[2]?.tag === tag.bitString
  );
}

function segments(content: Buffer, size: number): Buffer[] {
  const cut: Buffer[] = [];
  for (let at = 0; at < content.length; at += size)
    cut.push(der.octetString(content.subarray(at, at + size)));
  return cut;
}

function constructed(identifier: number, parts: readonly Buffer[], { length }: BerForm): Buffer {
  return length === 'definite'
    ? der.element(identifier, ...parts)
    : Buffer.concat([Buffer.from([identifier, 0x80]), ...parts, Buffer.from([0, 0])]);
}
