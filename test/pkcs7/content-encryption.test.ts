import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ciphers, type ContentCipher } from '../../src/pkcs7/algorithms.js';
import {
  decryptContent,
  encryptContent,
  newContentKey,
} from '../../src/pkcs7/content-encryption.js';

const names = Object.keys(ciphers) as ContentCipher[];

describe.each(names)('%s', (cipher) => {
  const { keyLength, ivLength } = ciphers[cipher];

  test('every content comes back, the empty one too', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const key = newContentKey(cipher, randomBytes);
        const iv = randomBytes(ivLength);
        const encrypted = encryptContent(cipher, key, iv, Buffer.from(bytes));
        expect(encrypted.length % ivLength).toBe(0);
        expect(encrypted.length).toBeGreaterThan(bytes.length);
        expect(decryptContent(cipher, key, iv, encrypted)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  test('every failure is the same error', () => {
    const key = Buffer.alloc(keyLength, 1);
    const iv = Buffer.alloc(ivLength);
    const failures: [Buffer, Buffer, Buffer][] = [
      [key, iv, Buffer.alloc(0)],
      [key, iv, Buffer.alloc(ivLength + 1)],
      [key, iv, Buffer.alloc(2 * ivLength)],
      [key, Buffer.alloc(3), Buffer.alloc(ivLength)],
      [Buffer.alloc(keyLength + 1), iv, Buffer.alloc(ivLength)],
    ];
    for (const [badKey, badIv, encrypted] of failures) {
      expect(() => decryptContent(cipher, badKey, badIv, encrypted)).toThrow(
        expect.objectContaining({
          code: 'cms.undecryptable',
          message: 'The message cannot be decrypted.',
          detail: undefined,
        }),
      );
    }
  });
});

describe('DES', () => {
  test('FIPS 81: "Now is t" under 0123456789abcdef', () => {
    const key = Buffer.from('0123456789abcdef', 'hex');
    const plain = Buffer.from('4e6f772069732074', 'hex');
    // ECB of one block is CBC with a zero IV; the padding block follows.
    const encrypted = encryptContent('des-cbc', key, Buffer.alloc(8), plain);
    expect(encrypted.subarray(0, 8).toString('hex')).toBe('3fa40e8a984d4815');
    expect(decryptContent('des-cbc', key, Buffer.alloc(8), encrypted)).toEqual(plain);
  });

  test('parity is written odd and not looked at when reading', () => {
    const key = newContentKey('des-ede3-cbc', (size) => Buffer.alloc(size, 0x10));
    expect(key).toEqual(Buffer.alloc(24, 0x10));
    expect(newContentKey('des-cbc', (size) => Buffer.alloc(size, 0x00))).toEqual(
      Buffer.alloc(8, 0x01),
    );
    const even = Buffer.alloc(24, 0x11);
    const encrypted = encryptContent('des-ede3-cbc', even, Buffer.alloc(8), Buffer.from('x'));
    expect(decryptContent('des-ede3-cbc', key, Buffer.alloc(8), encrypted).toString()).toBe('x');
  });
});
