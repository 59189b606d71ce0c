/**
 * Functions of native libraries, through koffi: an optional package that is loaded when something that
 * needs it is configured and never before. Its types stay in this file.
 */
import { endianness } from 'node:os';
import type { LibraryHandle } from 'koffi';
import { GatewayError, type ErrorCode } from '../errors/index.js';

/** Where something stands in memory that is not JavaScript's; 0n is NULL. */
export type Address = bigint;

type KoffiFunction = ReturnType<LibraryHandle['func']>;

type NativeArgument = Address | number;

/** `pointer`, `uint32`, `int`, `long` (unsigned): parameters of the functions we call. */
type Parameter = 'p' | 'u' | 'i' | 'l';

export interface NativeFunction {
  /** On this thread: for what does not wait for others. */
  now(...values: readonly NativeArgument[]): number;
  /** On a thread of node's pool. The memory behind the arguments must live until it settles. */
  later(...values: readonly NativeArgument[]): Promise<number>;
}

/** Memory outside JavaScript. */
export interface NativeMemory {
  /** Octets of zero. */
  allocate(octets: number): Address;
  free(address: Address): void;
  write(address: Address, bytes: Uint8Array): void;
  read(address: Address, octets: number): Buffer;
}

export interface Ffi extends NativeMemory {
  /** @param parameters of a function that returns a `uint32_t`, one letter each */
  nativeFunction(name: string, parameters: readonly Parameter[]): NativeFunction;
  /** @param parameters of a function that stands at this address and returns an `unsigned long` */
  functionAt(address: Address, parameters: readonly Parameter[]): NativeFunction;
}

/** What is loaded, and what its user says where that fails. */
export interface NativeLibrary {
  /** A soname such as `libgssapi_krb5.so.2`, or a path. */
  readonly file: string;
  readonly code: ErrorCode;
  /** `Kerberos`: what needs all this. */
  readonly subject: string;
  readonly mends: {
    /** Where it cannot be loaded. */
    readonly notLoaded: string;
    /** Where it lacks a function. */
    readonly tooOld: string;
  };
}

/** @throws GatewayError `library.code` when the package, the library or a function is missing */
export async function loadFfi(library: NativeLibrary): Promise<Ffi> {
  const { code, subject } = library;
  const koffi = await import('koffi').catch((cause: unknown) => {
    throw new GatewayError(code, 'The package koffi is not installed.', {
      mend: `${subject} needs it: install it beside scep-gateway with \`npm install koffi@3\`.`,
      cause,
    });
  });
  if (koffi.sizeof('void *') !== 8 || endianness() !== 'LE') {
    throw new GatewayError(code, `${subject} needs a 64-bit little-endian system.`);
  }
  const handle = openLibrary(koffi.load, library);
  return {
    allocate(octets) {
      const address: unknown = koffi.alloc('uint8_t', Math.max(octets, 1));
      if (typeof address !== 'bigint') throw new RangeError('no memory');
      if (octets > 0) koffi.encode(address, 'uint8_t', Buffer.alloc(octets), octets);
      return address;
    },
    free: (address) => koffi.free(address),
    write(address, bytes) {
      if (bytes.length > 0) koffi.encode(address, 'uint8_t', bytes, bytes.length);
    },
    read(address, octets) {
      if (octets === 0) return Buffer.alloc(0);
      const bytes: unknown = koffi.decode(address, 'uint8_t', octets);
      if (!(bytes instanceof Uint8Array)) throw new RangeError('no octets');
      return Buffer.from(bytes);
    },
    nativeFunction: (name, parameters) =>
      callable(findFunction(handle, name, typesOf(parameters), library)),
    functionAt(address, parameters) {
      if (address === 0n) throw new RangeError('no function');
      const found: unknown = koffi.decode(
        address,
        koffi.proto('unsigned long', typesOf(parameters)),
      );
      if (!isKoffiFunction(found)) throw new RangeError('no function');
      return callable(found);
    },
  };
}

function isKoffiFunction(value: unknown): value is KoffiFunction {
  return typeof value === 'function' && 'async' in value;
}

function callable(found: KoffiFunction): NativeFunction {
  return {
    now: (...values) => asNumber(found(...values)),
    later: (...values) =>
      new Promise((resolve, reject) => {
        found.async(...values, (error: unknown, result: unknown) => {
          if (error instanceof Error) reject(error);
          else resolve(asNumber(result));
        });
      }),
  };
}

const parameterTypes = { p: 'void *', u: 'uint32_t', i: 'int', l: 'unsigned long' } as const;

function typesOf(parameters: readonly Parameter[]): string[] {
  return parameters.map((parameter) => parameterTypes[parameter]);
}

function openLibrary(
  load: (path: string) => LibraryHandle,
  { file, code, mends }: NativeLibrary,
): LibraryHandle {
  try {
    return load(file);
  } catch (cause) {
    throw new GatewayError(code, `The library ${file} cannot be loaded.`, {
      mend: mends.notLoaded,
      detail: String(cause),
      cause,
    });
  }
}

function findFunction(
  library: LibraryHandle,
  name: string,
  types: string[],
  { file, code, mends }: NativeLibrary,
): KoffiFunction {
  try {
    return library.func(name, 'uint32_t', types);
  } catch (cause) {
    throw new GatewayError(code, `The library ${file} is not the right one.`, {
      mend: mends.tooOld,
      detail: `it has no ${name}`,
      cause,
    });
  }
}

/** Statuses have 32 bits, whatever integer carries them; none is lost in a double. */
function asNumber(value: unknown): number {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value) >>> 0;
  throw new RangeError('no number');
}
