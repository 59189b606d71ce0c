/** How an object is encoded: cut off, followed by something, BER where DER is usual. */
import { tag, type BerNode } from '../../asn1/index.js';

/** Octets the outermost element takes by its own word; undefined for an indefinite or broken length. */
export function announcedLength(bytes: Buffer): number | undefined {
  const first = bytes[1];
  if (first === undefined || first === 0x80) return undefined;
  if (first < 0x80) return 2 + first;
  const count = first & 0x7f;
  if (count > 4 || bytes.length < 2 + count) return undefined;
  return 2 + count + bytes.readUIntBE(2, count);
}

/** What makes it BER rather than DER, in words; undefined for DER as far as lengths and strings go. */
export function berForms(root: BerNode): string | undefined {
  const counts = { indefinite: 0, segmented: 0, long: 0 };
  const open: BerNode[] = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.end !== node.contentEnd) counts.indefinite++;
    else if (hasLongLength(node)) counts.long++;
    if (isString(node.tag & ~0x20) && node.constructed && node.tag < 0x40) counts.segmented++;
    open.push(...node.children);
  }
  const { indefinite, segmented, long } = counts;
  const forms = [
    indefinite > 0 && `${indefinite} indefinite lengths`,
    segmented > 0 && `${segmented} strings in segments`,
    long > 0 && `${long} lengths longer than needed`,
  ].filter((form) => form !== false);
  return forms.length === 0 ? undefined : forms.join(', ');
}

function hasLongLength({ start, contentStart, contentEnd }: BerNode): boolean {
  const length = contentEnd - contentStart;
  const needed = length < 0x80 ? 1 : 1 + Math.ceil(length.toString(16).length / 2);
  return contentStart - start - 1 > needed;
}

function isString(type: number): boolean {
  return (
    type === tag.octetString ||
    type === tag.bitString ||
    (type >= 0x0c && type <= 0x1e && type !== 0x10 && type !== 0x11)
  );
}
