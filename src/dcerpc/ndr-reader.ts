import { OctetReader } from './octet-reader.js';

/**
 * Reads what `NdrWriter` writes. Everything throws GatewayError `rpc.malformed` where the bytes end too
 * soon; counts are compared with what is there before anything is taken.
 */
export class NdrReader {
  readonly #reader: OctetReader;

  constructor(stub: Buffer) {
    this.#reader = new OctetReader(stub, 'NDR data');
  }

  /** Octets that have not been read. */
  get remaining(): number {
    return this.#reader.remaining;
  }

  octets(count: number): Buffer {
    return this.#reader.octets(count);
  }

  uint32(): number {
    return this.#reader.align(4).uint32();
  }

  /** Whether a unique or full pointer points to something. */
  pointer(): boolean {
    return this.uint32() !== 0;
  }

  conformantOctets(): Buffer {
    return this.octets(this.uint32());
  }
}
