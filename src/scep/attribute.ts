/** Signed attributes of a pkiMessage (RFC 8894 §3.2.1): hostile until type, count and length are checked. */
import { decodeText, der, tag, type BerNode } from '../asn1/index.js';
import { GatewayError } from '../errors/index.js';
import type { MessageSigner } from '../pkcs7/index.js';

/** Whatever holds them: attribute type → members of its SET. */
export type SignedAttributes = Pick<MessageSigner, 'attributes'>;

export interface TextAttribute {
  readonly text: string;
  readonly octets: Buffer;
  /** The element as it is echoed: its own tag, its own octets, definite and primitive. */
  readonly der: Buffer;
}

export interface AttributeLimits {
  readonly min: number;
  readonly max: number;
}

/**
 * A string attribute. RFC 8894 says PrintableString; clients send UTF8String, IA5String and OCTET STRING too.
 * @returns undefined when the attribute is absent
 * @throws GatewayError `scep.attribute`
 */
export function textAttribute(
  from: SignedAttributes,
  oid: string,
  limits: AttributeLimits,
): TextAttribute | undefined {
  const node = singleValue(from, oid);
  if (node === undefined) return undefined;
  const text = decodeText(node);
  if (text === undefined) throw unusable(oid, `tag 0x${node.tag.toString(16)} is no string`);
  const octets = withinLimits(oid, node.octets(), limits);
  return { text, octets, der: der.element(node.tag & ~constructed, octets) };
}

/** @returns undefined when the attribute is absent; throws GatewayError `scep.attribute` */
export function octetsAttribute(
  from: SignedAttributes,
  oid: string,
  limits: AttributeLimits,
): Buffer | undefined {
  const node = singleValue(from, oid);
  if (node === undefined) return undefined;
  if (!node.is(tag.octetString)) throw unusable(oid, 'not an OCTET STRING');
  return withinLimits(oid, node.octets(), limits);
}

export function missingAttribute(oid: string): GatewayError {
  return unusable(oid, 'missing');
}

const constructed = 0x20;

function singleValue({ attributes }: SignedAttributes, oid: string): BerNode | undefined {
  const values = attributes.get(oid);
  if (values === undefined) return undefined;
  const [value] = values;
  if (value === undefined || values.length > 1) throw unusable(oid, `${values.length} values`);
  return value;
}

function withinLimits(oid: string, octets: Buffer, { min, max }: AttributeLimits): Buffer {
  if (octets.length < min || octets.length > max) throw unusable(oid, `${octets.length} octets`);
  return octets;
}

function unusable(oid: string, detail: string): GatewayError {
  return new GatewayError('scep.attribute', 'A signed attribute is missing or malformed.', {
    detail: `attribute ${oid}: ${detail}`,
  });
}
