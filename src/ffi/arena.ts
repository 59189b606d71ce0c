import type { Address, NativeMemory } from './ffi.js';

/** Native memory of one call, freed together. */
export class Arena {
  readonly #memory: NativeMemory;
  readonly #blocks: { readonly address: Address; readonly octets: number }[] = [];

  constructor(memory: NativeMemory) {
    this.#memory = memory;
  }

  /** Octets of zero. */
  room(octets: number): Address {
    const address = this.#memory.allocate(octets);
    this.#blocks.push({ address, octets });
    return address;
  }

  bytes(bytes: Uint8Array): Address {
    const address = this.room(bytes.length);
    this.#memory.write(address, bytes);
    return address;
  }

  /** A C string. */
  text(text: string): Address {
    return this.bytes(Buffer.from(`${text}\0`, 'utf8'));
  }

  read(address: Address, octets: number): Buffer {
    return this.#memory.read(address, octets);
  }

  /** A pointer, or another integer of 64 bits. */
  pointerAt(address: Address): Address {
    return this.read(address, 8).readBigUInt64LE();
  }

  uint32At(address: Address): number {
    return this.read(address, 4).readUInt32LE();
  }

  /** Overwrites everything with zeros first: for what held a secret. */
  wipe(): void {
    for (const { address, octets } of this.#blocks)
      this.#memory.write(address, Buffer.alloc(octets));
    this.free();
  }

  free(): void {
    for (const { address } of this.#blocks.splice(0)) this.#memory.free(address);
  }
}
