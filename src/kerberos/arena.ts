import { Arena, type Address } from '../ffi/index.js';

const bufferDescriptor = 16;

/** Native memory of one call, and GSS structures in it. Layouts are those of a 64-bit `gssapi.h`. */
export class GssArena extends Arena {
  /** A `gss_buffer_desc` with these octets; empty without. */
  buffer(bytes?: Uint8Array): Address {
    const descriptor = Buffer.alloc(bufferDescriptor);
    if (bytes) putBuffer(descriptor, 0, bytes.length, this.bytes(bytes));
    return this.bytes(descriptor);
  }

  /** A `gss_OID_desc`. */
  oid(encoded: Uint8Array): Address {
    return this.bytes(this.#oidDescriptor(encoded));
  }

  /** A `gss_OID_set_desc`. */
  oidSet(...encoded: readonly Uint8Array[]): Address {
    const elements = encoded.map((each) => this.#oidDescriptor(each));
    const descriptor = Buffer.alloc(16);
    descriptor.writeBigUInt64LE(BigInt(elements.length), 0);
    descriptor.writeBigUInt64LE(this.bytes(Buffer.concat(elements)), 8);
    return this.bytes(descriptor);
  }

  /** A `gss_key_value_set_desc`. */
  keyValues(pairs: readonly (readonly [string, string])[]): Address {
    const elements = Buffer.alloc(16 * pairs.length);
    pairs.forEach(([key, value], index) => {
      elements.writeBigUInt64LE(this.text(key), 16 * index);
      elements.writeBigUInt64LE(this.text(value), 16 * index + 8);
    });
    const set = Buffer.alloc(16);
    set.writeUInt32LE(pairs.length, 0);
    set.writeBigUInt64LE(this.bytes(elements), 8);
    return this.bytes(set);
  }

  /** What stands in a `gss_buffer_desc`. */
  bufferAt(address: Address): Buffer {
    const descriptor = this.read(address, bufferDescriptor);
    const octets = Number(descriptor.readBigUInt64LE(0));
    const value = descriptor.readBigUInt64LE(8);
    return value === 0n ? Buffer.alloc(0) : this.read(value, octets);
  }

  /** What stands in a `gss_OID_desc`. */
  oidAt(address: Address): Buffer {
    if (address === 0n) return Buffer.alloc(0);
    const descriptor = this.read(address, 16);
    return this.read(descriptor.readBigUInt64LE(8), descriptor.readUInt32LE(0));
  }

  /** How many octets a `gss_buffer_desc` says it has. */
  lengthAt(address: Address): number {
    return Number(this.read(address, 8).readBigUInt64LE());
  }

  #oidDescriptor(encoded: Uint8Array): Buffer {
    const descriptor = Buffer.alloc(16);
    descriptor.writeUInt32LE(encoded.length, 0);
    descriptor.writeBigUInt64LE(this.bytes(encoded), 8);
    return descriptor;
  }
}

/** Writes a `gss_buffer_desc` into a larger structure. */
export function putBuffer(into: Buffer, at: number, octets: number, value: Address): void {
  into.writeBigUInt64LE(BigInt(octets), at);
  into.writeBigUInt64LE(value, at + 8);
}
