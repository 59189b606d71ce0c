import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { loadFfi } from '../../src/kerberos/ffi.js';

describe('what Kerberos needs and does not find', () => {
  afterEach(() => {
    jest.resetModules();
  });

  test('a library: the message names the package of Debian and of Fedora', async () => {
    await expect(loadFfi('libno-such-thing.so.9', 'libno-such-thing-9')).rejects.toMatchObject({
      code: 'kerberos.library',
      message: 'The library libno-such-thing.so.9 is not installed.',
      mend: expect.stringContaining('apt-get install libno-such-thing-9') as unknown,
    });
  });

  test('a function: the library is too old', async () => {
    const ffi = await loadFfi('libc.so.6', 'libc6');
    expect(() => ffi.nativeFunction('gss_no_such_function', ['p'])).toThrow(
      expect.objectContaining({
        code: 'kerberos.library',
        detail: 'it has no gss_no_such_function',
      }),
    );
  });

  test('koffi: the message says how to install it', async () => {
    jest.unstable_mockModule('koffi', () => {
      throw new Error("Cannot find package 'koffi'");
    });
    const fresh = await import('../../src/kerberos/ffi.js');
    await expect(fresh.loadFfi('libc.so.6', 'libc6')).rejects.toMatchObject({
      code: 'kerberos.library',
      message: 'The package koffi is not installed.',
      mend: expect.stringContaining('npm install koffi@3') as unknown,
    });
  });
});
