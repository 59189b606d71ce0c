import { createCipheriv, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { der, parseBer } from '../../src/asn1/index.js';
import { ciphers, type ContentCipher } from '../../src/pkcs7/algorithms.js';
import {
  decryptContent,
  encryptContent,
  newContentKey,
  openContent,
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

  test('what is opened unpads as OpenSSL has it, and is one BER element', () => {
    const key = newContentKey(cipher, randomBytes);
    const iv = randomBytes(ivLength);
    const contents = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => der.octetString(bytes)),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    );
    const ends = fc.oneof(fc.constant(undefined), fc.uint8Array({ minLength: 1, maxLength: 17 }));
    fc.assert(
      fc.property(contents, ends, (content, end) => {
        const encrypted = encryptContent(cipher, key, iv, content);
        if (end) encrypted.set(end.subarray(0, ivLength), encrypted.length - ivLength);
        expect(openContent(cipher, key, iv, encrypted)).toEqual(asOpenssl(key, iv, encrypted));
      }),
    );
    for (const length of [0, 1, ivLength - 1, ivLength + 1])
      expect(openContent(cipher, key, iv, Buffer.alloc(length))).toBeUndefined();
    expect(openContent(cipher, key.subarray(1), iv, Buffer.alloc(ivLength))).toBeUndefined();
  });

  test('each octet of a padding counts, and one of 0 or beyond a block is none', () => {
    const key = newContentKey(cipher, randomBytes);
    const iv = randomBytes(ivLength);
    // What decrypts to this last block: the block before is its mask, and may be anything.
    const opens = (last: Buffer): boolean => {
      const inner = der.octetString(Buffer.alloc(ivLength * 4 - 2 - paddingLength(last)));
      const plain = Buffer.concat([inner, Buffer.alloc(64)]).subarray(0, ivLength * 3);
      const whole = Buffer.concat([plain, last]);
      return openContent(cipher, key, iv, withoutPadding(cipher, key, iv, whole)) !== undefined;
    };
    for (let length = 1; length <= ivLength; length++) {
      const good = Buffer.alloc(ivLength);
      good.fill(length, ivLength - length);
      expect([length, opens(good)]).toEqual([length, true]);
      for (let at = ivLength - length; at < ivLength - 1; at++) {
        const bad = Buffer.from(good);
        bad[at] = length ^ 0x80;
        expect([length, at, opens(bad)]).toEqual([length, at, false]);
      }
    }
    expect(opens(Buffer.alloc(ivLength))).toBe(false);
    expect(opens(Buffer.alloc(ivLength, ivLength + 1))).toBe(false);
    expect(opens(Buffer.alloc(ivLength, 0xff))).toBe(false);
  });

  function asOpenssl(key: Buffer, iv: Buffer, encrypted: Buffer): Buffer | undefined {
    try {
      const content = decryptContent(cipher, key, iv, encrypted);
      parseBer(content);
      return content;
    } catch {
      return undefined;
    }
  }

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

/** At most a block, as the last octet says. */
function paddingLength(last: Buffer): number {
  return Math.min(last.at(-1) ?? 0, last.length);
}

function withoutPadding(cipher: ContentCipher, key: Buffer, iv: Buffer, plain: Buffer): Buffer {
  const isDes = cipher === 'des-cbc';
  const encryption = createCipheriv(
    isDes ? 'des-ede3-cbc' : cipher,
    isDes ? Buffer.concat([key, key, key]) : key,
    iv,
  );
  encryption.setAutoPadding(false);
  return Buffer.concat([encryption.update(plain), encryption.final()]);
}
