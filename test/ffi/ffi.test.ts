import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { Arena, loadFfi } from '../../src/ffi/index.js';

const libc = {
  file: 'libc.so.6',
  code: 'kerberos.library',
  subject: 'Kerberos',
  mends: { notLoaded: 'Install it.', tooOld: 'Install a newer one.' },
} as const;

describe('native functions and memory', () => {
  test('calls on this thread and on another, with 64-bit and 32-bit arguments', async () => {
    const ffi = await loadFfi(libc);
    const arena = new Arena(ffi);
    const from = arena.text('gateway');
    const to = arena.room(8);
    expect(ffi.nativeFunction('strnlen', ['p', 'l']).now(from, 100)).toBe(7);
    await ffi.nativeFunction('memcpy', ['p', 'p', 'l']).later(to, from, 8);
    expect(arena.read(to, 8).toString()).toBe('gateway\0');
    arena.wipe();
  });

  test('an arena wipes before it frees, and frees once', () => {
    const calls: string[] = [];
    const arena = new Arena({
      allocate: (octets) => BigInt(octets) * 100n,
      free: (address) => calls.push(`free ${address}`),
      write: (address, bytes) =>
        calls.push(`write ${address} ${Buffer.from(bytes).toString('hex')}`),
      read: (_address, octets) => Buffer.alloc(octets, 7),
    });
    const secret = arena.bytes(Buffer.from('pin'));
    expect(secret).toBe(300n);
    expect(arena.uint32At(secret)).toBe(0x07070707);
    expect(arena.pointerAt(secret)).toBe(0x0707070707070707n);
    arena.wipe();
    arena.free();
    expect(calls).toEqual(['write 300 70696e', 'write 300 000000', 'free 300']);
  });

  test('NULL is no function', async () => {
    const ffi = await loadFfi(libc);
    expect(() => ffi.functionAt(0n, [])).toThrow(new RangeError('no function'));
  });
});

describe('what is needed and not found', () => {
  afterEach(() => {
    jest.resetModules();
  });

  test('a library', async () => {
    await expect(loadFfi({ ...libc, file: 'libno-such-thing.so.9' })).rejects.toMatchObject({
      code: 'kerberos.library',
      message: 'The library libno-such-thing.so.9 cannot be loaded.',
      detail: expect.stringContaining('cannot open shared object file') as unknown,
      mend: 'Install it.',
    });
  });

  test('a function', async () => {
    const ffi = await loadFfi(libc);
    expect(() => ffi.nativeFunction('gss_no_such_function', ['p'])).toThrow(
      expect.objectContaining({
        code: 'kerberos.library',
        detail: 'it has no gss_no_such_function',
        mend: 'Install a newer one.',
      }),
    );
  });

  test('koffi: the message says how to install it', async () => {
    jest.unstable_mockModule('koffi', () => {
      throw new Error("Cannot find package 'koffi'");
    });
    const fresh = await import('../../src/ffi/index.js');
    await expect(fresh.loadFfi(libc)).rejects.toMatchObject({
      code: 'kerberos.library',
      message: 'The package koffi is not installed.',
      mend: 'Kerberos needs it: install it beside scep-gateway with `npm install koffi@3`.',
    });
  });
});
