/** Protocol towers: how an endpoint mapper writes an address (C706 appendix L, MS-RPCE §2.2.1.2). */
import { OctetReader } from './octet-reader.js';
import { malformed } from './rpc-error.js';
import {
  encodeSyntax,
  isSameSyntax,
  ndr32,
  readSyntax,
  syntaxOctets,
  type SyntaxId,
} from './syntax.js';

const protocol = { uuid: 0x0d, connectionOriented: 0x0b, tcp: 0x07, ip: 0x09 } as const;

/** Asks for a TCP endpoint of an interface: port and address are zero. */
export function encodeTower(abstract: SyntaxId, port = 0): Buffer {
  const bigEndianPort = Buffer.alloc(2);
  bigEndianPort.writeUInt16BE(port);
  const floors = [
    syntaxFloor(abstract),
    syntaxFloor(ndr32),
    floor(Buffer.from([protocol.connectionOriented]), Buffer.alloc(2)),
    floor(Buffer.from([protocol.tcp]), bigEndianPort),
    floor(Buffer.from([protocol.ip]), Buffer.alloc(4)),
  ];
  return Buffer.concat([shortNumber(floors.length), ...floors]);
}

function syntaxFloor(syntax: SyntaxId): Buffer {
  const encoded = encodeSyntax(syntax);
  return floor(
    Buffer.concat([Buffer.from([protocol.uuid]), encoded.subarray(0, syntaxOctets - 2)]),
    encoded.subarray(syntaxOctets - 2),
  );
}

function floor(left: Buffer, right: Buffer): Buffer {
  return Buffer.concat([shortNumber(left.length), left, shortNumber(right.length), right]);
}

function shortNumber(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

/**
 * The TCP port of an interface; undefined for a tower of another interface or protocol. The address in it
 * is not read: behind address translation it is of no use.
 *
 * @throws GatewayError `rpc.malformed`
 */
export function tcpPortOf(tower: Buffer, abstract: SyntaxId): number | undefined {
  const [first, second, third, fourth] = readFloors(tower);
  if (first === undefined || second === undefined) return undefined;
  const isOurs =
    isSyntax(first, abstract) &&
    isSyntax(second, ndr32) &&
    third?.left[0] === protocol.connectionOriented &&
    fourth?.left[0] === protocol.tcp &&
    fourth.right.length === 2;
  if (!isOurs) return undefined;
  const port = fourth.right.readUInt16BE();
  return port === 0 ? undefined : port;
}

interface Floor {
  readonly left: Buffer;
  readonly right: Buffer;
}

const mostFloors = 16;

function readFloors(tower: Buffer): Floor[] {
  const reader = new OctetReader(tower, 'a tower');
  const count = reader.uint16();
  if (count > mostFloors) throw malformed(`a tower of ${count} floors`);
  const part = () => reader.octets(reader.uint16());
  return Array.from({ length: count }, () => ({ left: part(), right: part() }));
}

function isSyntax({ left, right }: Floor, syntax: SyntaxId): boolean {
  if (left[0] !== protocol.uuid || left.length !== syntaxOctets - 1 || right.length !== 2) {
    return false;
  }
  const written = new OctetReader(Buffer.concat([left.subarray(1), right]), 'a floor');
  return isSameSyntax(readSyntax(written), syntax);
}
