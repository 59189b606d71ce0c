import { GatewayError } from '../errors/index.js';
import { BerNode } from './node.js';
import { constructedBit, tag } from './tag.js';

export interface BerLimits {
  /** Nesting of constructed elements. */
  readonly maxDepth: number;
  /** Elements in the whole message; a hostile 64 KiB message could hold 32,000. */
  readonly maxNodes: number;
  /** Content octets of an OBJECT IDENTIFIER; long ones are quadratic in asn1js. */
  readonly maxOidBytes: number;
}

export const defaultBerLimits: BerLimits = { maxDepth: 32, maxNodes: 2000, maxOidBytes: 64 };

interface Walk {
  readonly message: Buffer;
  readonly limits: BerLimits;
  nodes: number;
}

/**
 * Walks a whole BER element (X.690 §8) and nothing after it. This is the structural guard in front of
 * every parser: depth, element count and OID size are bounded before anything else looks at the bytes.
 *
 * @throws GatewayError `asn1.malformed` or `asn1.limit`
 */
export function parseBer(message: Buffer, limits: BerLimits = defaultBerLimits): BerNode {
  const walk: Walk = { message, limits, nodes: 0 };
  const node = readElement(walk, 0, message.length, 0);
  if (node.end !== message.length) throw malformed('bytes after the outermost element', node.end);
  return node;
}

function readElement(walk: Walk, start: number, limit: number, depth: number): BerNode {
  const { message, limits } = walk;
  if (++walk.nodes > limits.maxNodes) throw tooComplex(`more than ${limits.maxNodes} elements`);
  if (depth > limits.maxDepth) throw tooComplex(`nested deeper than ${limits.maxDepth}`);
  if (start + 2 > limit) throw malformed('truncated header', start);

  const identifier = message.readUInt8(start);
  if ((identifier & 0x1f) === 0x1f) throw malformed('multi-octet tag', start);
  if (identifier === 0) throw malformed('end-of-contents outside an indefinite length', start);
  const constructed = (identifier & constructedBit) !== 0;
  if (isMisformed(identifier)) throw malformed('primitive or constructed against its type', start);

  let contentStart = start + 2;
  let length = message.readUInt8(start + 1);
  if (length === 0x80) {
    if (!constructed) throw malformed('indefinite length on a primitive', start);
    return readIndefinite(walk, identifier, start, contentStart, limit, depth);
  }
  if (length > 0x80) {
    const count = length & 0x7f;
    if (count > 4 || contentStart + count > limit) throw malformed('bad length', start);
    length = message.readUIntBE(contentStart, count);
    contentStart += count;
  }
  const end = contentStart + length;
  if (end > limit) throw malformed('content runs past its container', start);
  if (identifier === tag.oid && length > limits.maxOidBytes) throw tooComplex('OID too long');

  const children = constructed ? readChildren(walk, contentStart, end, depth) : noChildren;
  return new BerNode(message, identifier, start, contentStart, end, end, children);
}

/** Types that X.690 §8 knows in one form only; a view on the other form would find nothing inside. */
function isMisformed(identifier: number): boolean {
  switch (identifier) {
    case tag.sequence & ~constructedBit:
    case tag.set & ~constructedBit:
    case tag.boolean | constructedBit:
    case tag.integer | constructedBit:
    case tag.null | constructedBit:
    case tag.oid | constructedBit:
    case tag.enumerated | constructedBit:
      return true;
    default:
      return false;
  }
}

const noChildren: readonly BerNode[] = Object.freeze([]);

function readChildren(walk: Walk, start: number, end: number, depth: number): BerNode[] {
  const children: BerNode[] = [];
  for (let at = start; at < end;) {
    const child = readElement(walk, at, end, depth + 1);
    children.push(child);
    at = child.end;
  }
  return children;
}

function readIndefinite(
  walk: Walk,
  identifier: number,
  start: number,
  contentStart: number,
  limit: number,
  depth: number,
): BerNode {
  const { message } = walk;
  const children: BerNode[] = [];
  for (let at = contentStart; ;) {
    if (at + 2 > limit) throw malformed('missing end-of-contents', start);
    if (message[at] === 0 && message[at + 1] === 0) {
      return new BerNode(message, identifier, start, contentStart, at, at + 2, children);
    }
    const child = readElement(walk, at, limit, depth + 1);
    children.push(child);
    at = child.end;
  }
}

function malformed(what: string, offset: number): GatewayError {
  return new GatewayError('asn1.malformed', 'The message is not well-formed ASN.1.', {
    detail: `${what} at offset ${offset}`,
  });
}

function tooComplex(detail: string): GatewayError {
  return new GatewayError('asn1.limit', 'The message is too complex.', { detail });
}
