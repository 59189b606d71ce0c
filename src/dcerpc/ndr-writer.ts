/** NDR with 32-bit pointers (C706 §14), the part that our calls need: little-endian, aligned to size. */
export class NdrWriter {
  readonly #parts: Buffer[] = [];
  #length = 0;
  #referents = 0;

  uint32(value: number): this {
    this.#align(4);
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return this.octets(bytes);
  }

  /** As they are: UUIDs, handles. */
  octets(bytes: Buffer): this {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return this;
  }

  /** Referent id of a unique or full pointer that points to something. */
  referent(): this {
    this.#referents += 1;
    // Never read by anybody; Windows counts in fours from here.
    return this.uint32(0x0002_0000 + (this.#referents - 1) * 4);
  }

  null(): this {
    return this.uint32(0);
  }

  /** Conformant and varying array of 16-bit characters, with the NUL at its end (C706 §14.3.4.2). */
  wideString(text: string): this {
    const characters = Buffer.from(`${text}\0`, 'utf16le');
    const count = characters.length / 2;
    return this.uint32(count).uint32(0).uint32(count).octets(characters);
  }

  /** Conformant array of octets: count, then the octets. */
  conformantOctets(bytes: Buffer): this {
    return this.uint32(bytes.length).octets(bytes);
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts, this.#length);
  }

  #align(octets: number): void {
    const missing = (octets - (this.#length % octets)) % octets;
    if (missing > 0) this.octets(Buffer.alloc(missing));
  }
}
