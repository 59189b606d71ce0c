import { malformed } from './rpc-error.js';

/** Reads received octets in order, little-endian. Throws GatewayError `rpc.malformed` where they end too soon. */
export class OctetReader {
  readonly #bytes: Buffer;
  readonly #what: string;
  #at: number;

  /** @param what is read, for the detail of the error: `a fault` */
  constructor(bytes: Buffer, what: string, at = 0) {
    this.#bytes = bytes;
    this.#what = what;
    this.#at = at;
  }

  /** Octets that have not been read. */
  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  octets(count: number): Buffer {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw malformed(`${this.#what} ends too soon`);
    const octets = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return octets;
  }

  skip(count: number): this {
    this.octets(count);
    return this;
  }

  /** Up to a multiple of so many octets, counted from the first of all. */
  align(octets: number): this {
    return this.skip((octets - (this.#at % octets)) % octets);
  }

  uint8(): number {
    return this.octets(1).readUInt8();
  }

  uint16(): number {
    return this.octets(2).readUInt16LE();
  }

  uint32(): number {
    return this.octets(4).readUInt32LE();
  }
}
