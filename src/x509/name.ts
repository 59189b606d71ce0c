import { parseBer, decodeText, tag, type BerNode } from '../asn1/index.js';

/** One AttributeTypeAndValue of an RDN. `value` is undefined where the type is no string. */
export interface NameAttribute {
  readonly type: string;
  readonly value: string | undefined;
}

const shortNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.4': 'SN',
  '2.5.4.42': 'GN',
  '2.5.4.12': 'title',
  '1.2.840.113549.1.9.1': 'emailAddress',
  '1.2.840.113549.1.9.2': 'unstructuredName',
  '1.2.840.113549.1.9.8': 'unstructuredAddress',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
};

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
    const rdns = node.require(tag.sequence).children.map((rdn) =>
      rdn.children.map((pair) => ({
        type: pair.child(0).oid(),
        value: decodeText(pair.child(1)),
      })),
    );
    return new Name(node.raw, rdns);
  }

  static fromDer(bytes: Buffer): Name {
    return Name.fromNode(parseBer(bytes));
  }

  get isEmpty(): boolean {
    return this.rdns.length === 0;
  }

  /** All values of an attribute type, by OID or by short name ("CN"), in order. */
  values(type: string): string[] {
    return this.rdns
      .flat()
      .flatMap((pair) =>
        (pair.type === type || shortNames[pair.type] === type) && pair.value !== undefined
          ? [pair.value]
          : [],
      );
  }

  /** Most readable form, in encoding order: `CN=device-1,O=Example`. Control characters are escaped. */
  get text(): string {
    return this.rdns
      .map((rdn) =>
        rdn
          .map((pair) => `${shortNames[pair.type] ?? pair.type}=${escapeValue(pair.value ?? '#')}`)
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

function fold(name: Name): string {
  return JSON.stringify(
    name.rdns.map((rdn) =>
      rdn
        .map((pair) =>
          [pair.type, (pair.value ?? '').trim().replace(/\s+/g, ' ').toLowerCase()].join('='),
        )
        .sort(),
    ),
  );
}

function escapeValue(value: string): string {
  return (
    value
      .replace(/[\\,+"<>;=]/g, (character) => `\\${character}`)
      // eslint-disable-next-line no-control-regex -- a name is hostile text that ends in logs and terminals
      .replace(
        /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g,
        (character) => `\\${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
      )
  );
}
