import { createHash } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import { parseBer, decodeText, tag, type BerNode } from '../asn1/index.js';
import { GatewayError } from '../errors/index.js';
import { escapeAttributeValue } from './attribute-text.js';
import { attributeTypeName } from './attribute-type.js';

/** One AttributeTypeAndValue of an RDN. `value` is undefined where it is no string, or no well-formed one. */
export interface NameAttribute {
  readonly type: string;
  readonly value: string | undefined;
  /** The value as received, whole element. */
  readonly der: Buffer;
}

/** An X.501 Name: the DER as received (never re-encoded) and its parts. */
export class Name {
  readonly rdns: readonly (readonly NameAttribute[])[];

  private constructor(
    readonly der: Buffer,
    rdns: readonly (readonly NameAttribute[])[],
  ) {
    this.rdns = rdns;
  }

  static fromNode(node: BerNode): Name {
    return new Name(node.raw, node.require(tag.sequence).children.map(readRdn));
  }

  static fromDer(bytes: Buffer): Name {
    return Name.fromNode(parseBer(bytes));
  }

  /** SHA-256 of the DER, lower-case hex: how records name a CA. */
  get digest(): string {
    return createHash('sha256').update(this.der).digest('hex');
  }

  get isEmpty(): boolean {
    return this.rdns.length === 0;
  }

  /** All values of an attribute type, by OID or by short name ("CN"), in order. */
  values(type: string): string[] {
    return this.rdns
      .flat()
      .flatMap((pair) =>
        (pair.type === type || attributeTypeName(pair.type) === type) && pair.value !== undefined
          ? [pair.value]
          : [],
      );
  }

  /**
   * Most readable form, in encoding order: `CN=device-1,O=Example`; `parseDistinguishedName` reads it
   * back. Whatever a reader could not see is escaped.
   */
  get text(): string {
    return this.rdns
      .map((rdn) =>
        rdn
          .map(
            ({ type, value, der }) =>
              `${attributeTypeName(type)}=${escapeAttributeValue(value, der)}`,
          )
          .join('+'),
      )
      .join(',');
  }

  /**
   * Equality after RFC 5280 §7.1 folding (string type, case and inner blanks ignored): clients re-encode
   * issuer names (jscep, Windows), so bytes are too strict.
   */
  matches(other: Name): boolean {
    return this.der.equals(other.der) || fold(this) === fold(other);
  }
}

/** An RDN without attributes would be a name that looks empty but is not; extra elements would hide from policy. */
function readRdn(rdn: BerNode): NameAttribute[] {
  if (rdn.require(tag.set).children.length === 0) throw malformed('empty RDN');
  return rdn.children.map((pair) => {
    if (pair.require(tag.sequence).children.length !== 2) throw malformed('bad attribute');
    const value = pair.child(1);
    return { type: pair.child(0).oid(), value: wellFormedText(value), der: value.raw };
  });
}

/**
 * Octets that are no text of their type could be anything to another reader: they are shown and
 * compared as they stand.
 */
function wellFormedText(value: BerNode): string | undefined {
  const text = decodeText(value);
  const octets = value.octets();
  if (value.is(tag.bmpString)) return octets.length % 2 === 0 ? text : undefined;
  if (value.is(tag.universalString)) return octets.length % 4 === 0 ? text : undefined;
  return value.is(tag.utf8String) && !isUtf8(octets) ? undefined : text;
}

function malformed(detail: string): GatewayError {
  return new GatewayError('x509.malformed', 'The name cannot be read.', { detail });
}

function fold(name: Name): string {
  return JSON.stringify(name.rdns.map((rdn) => rdn.map(foldAttribute).sort()));
}

function foldAttribute({ type, value, der }: NameAttribute): string {
  return value === undefined
    ? `${type}#${der.toString('hex')}`
    : `${type}=${value.trim().replace(/\s+/g, ' ').toLowerCase()}`;
}
