import { GatewayError } from '../errors/index.js';
import { decodeOid } from './oid.js';
import { classBits, constructedBit, tag } from './tag.js';

/** One element of a walked BER message: offsets into the message plus its children. Never copies. */
export class BerNode {
  constructor(
    readonly message: Buffer,
    /** First identifier octet, constructed bit included. */
    readonly tag: number,
    readonly start: number,
    readonly contentStart: number,
    readonly contentEnd: number,
    /** After the end-of-contents octets where the length was indefinite. */
    readonly end: number,
    readonly children: readonly BerNode[],
  ) {}

  get constructed(): boolean {
    return (this.tag & constructedBit) !== 0;
  }

  /** The element as received, header included. */
  get raw(): Buffer {
    return this.message.subarray(this.start, this.end);
  }

  /** Content octets as received; for strings use `octets`, which joins BER segments. */
  get content(): Buffer {
    return this.message.subarray(this.contentStart, this.contentEnd);
  }

  /** True for the tag, primitive or constructed (BER strings may come in segments). */
  is(expected: number): boolean {
    return (this.tag | constructedBit) === (expected | constructedBit);
  }

  child(index: number): BerNode {
    const node = this.children[index];
    if (node === undefined) throw malformed(`element ${index} of ${hex(this.tag)} is missing`);
    return node;
  }

  /** The n-th child, which must carry `expected`. */
  expect(index: number, expected: number): BerNode {
    return this.child(index).require(expected);
  }

  require(expected: number): this {
    if (!this.is(expected))
      throw malformed(`expected tag ${hex(expected)}, found ${hex(this.tag)}`);
    return this;
  }

  /** First child with the tag, primitive or constructed. */
  find(expected: number): BerNode | undefined {
    return this.children.find((node) => node.is(expected));
  }

  /**
   * Content of a string type; the segments of a constructed one are joined: OCTET STRINGs (X.690 §8.7.3,
   * §8.23.6), or of its own universal type, as some encoders cut them.
   * @throws GatewayError `asn1.malformed` for other segments
   */
  octets(): Buffer {
    if (!this.constructed) return this.content;
    const ownType = (this.tag & classBits) === 0 ? this.tag : tag.octetString;
    return Buffer.concat(
      this.children.map((segment) =>
        (segment.is(ownType) ? segment : segment.require(tag.octetString)).octets(),
      ),
    );
  }

  oid(): string {
    this.require(tag.oid);
    return decodeOid(this.content);
  }

  /** INTEGER content octets, two's complement, as received. */
  integerBytes(): Buffer {
    if (this.tag !== tag.integer && this.tag !== tag.enumerated)
      throw malformed('expected INTEGER');
    if (this.contentEnd === this.contentStart) throw malformed('empty INTEGER');
    return this.content;
  }

  /** A small INTEGER (at most 4 octets). */
  smallInteger(): number {
    const bytes = this.integerBytes();
    if (bytes.length > 4) throw malformed('INTEGER too large');
    return bytes.readIntBE(0, bytes.length);
  }

  /** BIT STRING value octets without the unused-bits octet. */
  bits(): Buffer {
    this.require(tag.bitString);
    const content = this.constructed
      ? Buffer.concat(
          this.children.map((part, i) => (i === 0 ? part.content : part.content.subarray(1))),
        )
      : this.content;
    if (content.length === 0 || (content[0] ?? 8) > 7) throw malformed('bad BIT STRING');
    return content.subarray(1);
  }
}

function malformed(detail: string): GatewayError {
  return new GatewayError('asn1.malformed', 'The message is not well-formed ASN.1.', { detail });
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
