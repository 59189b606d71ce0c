import { GatewayError } from '../errors/index.js';

/** Dotted text of OID content octets (X.690 §8.19). Arcs beyond 2^53 are kept exact. */
export function decodeOid(content: Uint8Array): string {
  if (((content[content.length - 1] ?? 0x80) & 0x80) !== 0) throw malformed();
  let text = '';
  let small = 0;
  let big: bigint | undefined;
  // By index and into one string: this is a quarter of what reading a message costs.
  for (let at = 0; at < content.length; at++) {
    const octet = content[at] ?? 0;
    if (big === undefined && small > 0x3ffffffffff) big = BigInt(small);
    if (big === undefined) small = small * 128 + (octet & 0x7f);
    else big = (big << 7n) | BigInt(octet & 0x7f);
    if (octet & 0x80) continue;
    text = text === '' ? firstArcs(big ?? small) : `${text}.${big ?? small}`;
    small = 0;
    big = undefined;
  }
  return text;
}

/** The first two arcs share one number (X.690 §8.19.4). */
function firstArcs(value: number | bigint): string {
  if (typeof value === 'bigint') return `2.${value - 80n}`;
  const first = Math.min(2, Math.floor(value / 40));
  return `${first}.${value - first * 40}`;
}

/** Content octets of a dotted OID. */
export function encodeOid(oid: string): Buffer {
  if (!/^[0-2](\.\d+)+$/.test(oid)) throw new RangeError(`not an OID: ${oid}`);
  const [first = '', second = '', ...rest] = oid.split('.');
  const octets: number[] = [];
  appendArc(octets, Number(first) * 40, second);
  for (const arc of rest) appendArc(octets, 0, arc);
  return Buffer.from(octets);
}

/** Base 128 of `base` + `arc`. A message names dozens of OIDs, so BigInt only where a number will not do. */
function appendArc(octets: number[], base: number, arc: string): void {
  const value = arc.length < 16 ? base + Number(arc) : BigInt(base) + BigInt(arc);
  const at = octets.length;
  if (typeof value === 'number') {
    octets.push(value % 128);
    for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128))
      octets.splice(at, 0, (left % 128) | 0x80);
  } else {
    octets.push(Number(value & 0x7fn));
    for (let left = value >> 7n; left > 0n; left >>= 7n)
      octets.splice(at, 0, Number(left & 0x7fn) | 0x80);
  }
}

function malformed(): GatewayError {
  return new GatewayError('asn1.malformed', 'The message is not well-formed ASN.1.', {
    detail: 'bad OBJECT IDENTIFIER',
  });
}
