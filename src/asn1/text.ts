import type { BerNode } from './node.js';
import { tag } from './tag.js';

/**
 * Text of any string type a device has been seen to use for a challenge or a name (C11 of the interop
 * notes): every DirectoryString choice, IA5String, and OCTET STRING. Undefined for other types.
 */
export function decodeText(node: BerNode): string | undefined {
  const type = node.tag & ~0x20;
  switch (type) {
    case tag.utf8String:
    case tag.octetString:
      return node.octets().toString('utf8');
    case tag.printableString:
    case tag.numericString:
    case tag.ia5String:
    case tag.visibleString:
    case tag.teletexString:
      return node.octets().toString('latin1');
    case tag.bmpString:
      return Buffer.from(evenPrefix(node.octets())).swap16().toString('utf16le');
    case tag.universalString:
      return decodeUtf32(node.octets());
    default:
      return undefined;
  }
}

function evenPrefix(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length & ~1);
}

function decodeUtf32(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const point = bytes.readUInt32BE(at);
    text += point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd';
  }
  return text;
}
