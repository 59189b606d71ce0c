/**
 * The foreign functions we need, through koffi: an optional package that is loaded when Kerberos is
 * configured and never before. Its types stay in this file.
 */
import type { LibraryHandle } from 'koffi';
import { GatewayError } from '../errors/index.js';

/** Where something stands in memory that is not JavaScript's; 0n is NULL. */
export type Address = bigint;

type NativeArgument = Address | number;

/** `pointer`, `uint32`, `int`: parameters of the functions we call. */
type Parameter = 'p' | 'u' | 'i';

interface NativeFunction {
  /** On this thread: for what does not wait for others. */
  now(...values: readonly NativeArgument[]): number;
  /** On a thread of node's pool. */
  later(...values: readonly NativeArgument[]): Promise<number>;
}

export interface Ffi {
  /** Octets of zero. */
  allocate(octets: number): Address;
  free(address: Address): void;
  write(address: Address, bytes: Uint8Array): void;
  read(address: Address, octets: number): Buffer;
  /** @param parameters of a function that returns a `uint32_t`, one letter each */
  nativeFunction(name: string, parameters: readonly Parameter[]): NativeFunction;
}

/**
 * @param soname such as `libgssapi_krb5.so.2`
 * @throws GatewayError `kerberos.library` when the package, the library or a function is missing
 */
export async function loadFfi(soname: string, debianPackage: string): Promise<Ffi> {
  const koffi = await import('koffi').catch((cause: unknown) => {
    throw new GatewayError('kerberos.library', 'The package koffi is not installed.', {
      mend: 'Kerberos needs it: install it beside scep-gateway with `npm install koffi@3`.',
      cause,
    });
  });
  if (koffi.sizeof('void *') !== 8) {
    throw new GatewayError('kerberos.library', 'Kerberos needs a 64-bit system.');
  }
  const library = openLibrary(koffi.load, soname, debianPackage);
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
    nativeFunction(name, parameters) {
      const types = parameters.map((parameter) => parameterTypes[parameter]);
      const found = findFunction(library, name, types, soname);
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
    },
  };
}

const parameterTypes = { p: 'void *', u: 'uint32_t', i: 'int' } as const;

function openLibrary(
  load: (path: string) => LibraryHandle,
  soname: string,
  debianPackage: string,
): LibraryHandle {
  try {
    return load(soname);
  } catch (cause) {
    throw new GatewayError('kerberos.library', `The library ${soname} is not installed.`, {
      mend: `Install MIT Kerberos: \`apt-get install ${debianPackage}\`, or \`dnf install krb5-libs\`.`,
      cause,
    });
  }
}

function findFunction(
  library: LibraryHandle,
  name: string,
  types: string[],
  soname: string,
): ReturnType<LibraryHandle['func']> {
  try {
    return library.func(name, 'uint32_t', types);
  } catch (cause) {
    throw new GatewayError('kerberos.library', `The library ${soname} is too old.`, {
      mend: 'Install MIT Kerberos 1.19 or newer.',
      detail: `it has no ${name}`,
      cause,
    });
  }
}

function asNumber(value: unknown): number {
  if (typeof value !== 'number') throw new RangeError('no number');
  return value >>> 0;
}
