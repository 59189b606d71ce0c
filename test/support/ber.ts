/** DER turned into BER as jscep and Bouncy Castle send it: indefinite lengths, strings in segments. */
import { der, parseBer, tag, type BerNode } from '../../src/asn1/index.js';

export interface BerForm {
  readonly indefinite: boolean;
  /** Octets of each segment of an OCTET STRING; 0 leaves them whole. */
  readonly segment: number;
}

/** A SignedData message; certificates and CRLs stay as they are (their octets count). */
export function signedToBer(message: Buffer, form: BerForm): Buffer {
  const root = parseBer(message);
  const sets = root
    .child(1)
    .child(0)
    .children.filter(({ tag: kind }) => kind === 0xa0 || kind === 0xa1)
    .flatMap((set) => set.children);
  return encode(root, form, (node) => sets.includes(node));
}

/** An EnvelopedData message; the implicit OCTET STRING of the encrypted content is cut as well. */
export function envelopeToBer(message: Buffer, form: BerForm): Buffer {
  const root = parseBer(message);
  const encryptedContent = root.child(1).child(0).children.at(-1)?.children.at(-1);
  return encode(
    root,
    form,
    () => false,
    (node) => node === encryptedContent,
  );
}

function encode(
  node: BerNode,
  form: BerForm,
  keep: (node: BerNode) => boolean,
  isImplicitOctets: (node: BerNode) => boolean = () => false,
): Buffer {
  if (keep(node)) return node.raw;
  const isOctets = node.tag === tag.octetString || isImplicitOctets(node);
  if (isOctets && form.segment > 0 && node.content.length > 0)
    return constructed(node.tag | 0x20, segments(node.content, form.segment), form);
  if (!node.constructed) return node.raw;
  const children = node.children.map((child) => encode(child, form, keep, isImplicitOctets));
  return constructed(node.tag, children, form);
}

function segments(content: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(content.length / size) }, (_, i) =>
    der.octetString(content.subarray(i * size, (i + 1) * size)),
  );
}

function constructed(identifier: number, children: readonly Buffer[], form: BerForm): Buffer {
  return form.indefinite
    ? Buffer.concat([Buffer.from([identifier, 0x80]), ...children, Buffer.alloc(2)])
    : der.element(identifier, ...children);
}
