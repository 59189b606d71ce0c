import type { OctetReader } from './octet-reader.js';

/** What a presentation context names: an interface, or the encoding of its parameters (C706 §12.6.3.1). */
export interface SyntaxId {
  /** `91ae6020-9e3c-11cf-8d7c-00aa00c091be` */
  readonly uuid: string;
  readonly major: number;
  readonly minor: number;
}

export const syntaxOctets = 20;

/** NDR with 32-bit pointers, the one transfer syntax that every server has (MS-RPCE §2.2.4.1). */
export const ndr32: SyntaxId = {
  uuid: '8a885d04-1ceb-11c9-9fe8-08002b104860',
  major: 2,
  minor: 0,
};

export function encodeSyntax({ uuid, major, minor }: SyntaxId): Buffer {
  const version = Buffer.alloc(4);
  version.writeUInt16LE(major);
  version.writeUInt16LE(minor, 2);
  return Buffer.concat([encodeUuid(uuid), version]);
}

export function readSyntax(reader: OctetReader): SyntaxId {
  return { uuid: decodeUuid(reader.octets(16)), major: reader.uint16(), minor: reader.uint16() };
}

export function isSameSyntax(one: SyntaxId, other: SyntaxId): boolean {
  return one.uuid === other.uuid && one.major === other.major && one.minor === other.minor;
}

/** The first three groups are little-endian numbers, the others octets (MS-DTYP §2.3.4.2). */
export function encodeUuid(uuid: string): Buffer {
  const octets = Buffer.from(uuid.replaceAll('-', ''), 'hex');
  return reorder(octets);
}

/** @param octets 16 */
export function decodeUuid(octets: Buffer): string {
  const hex = reorder(octets).toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}

function reorder(octets: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(octets.subarray(0, 4)).reverse(),
    Buffer.from(octets.subarray(4, 6)).reverse(),
    Buffer.from(octets.subarray(6, 8)).reverse(),
    octets.subarray(8, 16),
  ]);
}
