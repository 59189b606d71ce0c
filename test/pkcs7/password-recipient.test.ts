import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { der, parseBer, type BerNode } from '../../src/asn1/index.js';
import {
  readPasswordRecipient,
  unwrapWithPassword,
  writePasswordRecipient,
} from '../../src/pkcs7/password-recipient.js';
import { unwrapKey, wrapKey } from '../../src/pkcs7/pwri-kek.js';

const pwriKek = '1.2.840.113549.1.9.16.3.9';
const pbkdf2 = '1.2.840.113549.1.5.12';
const des3 = '1.2.840.113549.3.7';

function passwordRecipient(
  options: { iterations?: number; prf?: Buffer; derivation?: string; keyEncryption?: string } = {},
): BerNode {
  const { iterations = 1, prf, derivation = pbkdf2, keyEncryption = pwriKek } = options;
  const parameters = der.sequence(
    der.octetString(Buffer.alloc(8, 1)),
    der.unsignedInteger(iterations),
    ...(prf === undefined ? [] : [prf]),
  );
  return parseBer(
    der.contextConstructed(
      3,
      der.unsignedInteger(0),
      der.contextConstructed(0, der.oid(derivation), parameters),
      der.sequence(
        der.oid(keyEncryption),
        der.sequence(der.oid(des3), der.octetString(Buffer.alloc(8))),
      ),
      der.octetString(Buffer.alloc(24)),
    ),
  );
}

describe('PasswordRecipientInfo', () => {
  test.each(['des-cbc', 'des-ede3-cbc', 'aes-128-cbc', 'aes-256-cbc'] as const)(
    'a key for %s comes back with the password and only with it',
    async (cipher) => {
      const key = randomBytes(24);
      const written = await writePasswordRecipient('Schlüssel', key, cipher, randomBytes);
      const recipient = readPasswordRecipient(parseBer(written))!;
      expect(recipient.derivation).toMatchObject({ iterations: 10_000, prf: 'sha256' });
      expect(recipient.keyEncryption.cipher).toBe(cipher === 'des-cbc' ? 'des-ede3-cbc' : cipher);
      expect(await unwrapWithPassword(recipient, 'Schlüssel')).toEqual(key);
      expect((await unwrapWithPassword(recipient, 'Schlussel'))?.equals(key)).not.toBe(true);
    },
  );

  test('HMAC-SHA-1 is the default prf', () => {
    expect(readPasswordRecipient(passwordRecipient())?.derivation.prf).toBe('sha1');
  });

  test.each([
    ['100,001 iterations', { iterations: 100_001 }],
    ['another derivation', { derivation: '1.2.3' }],
    ['another key encryption', { keyEncryption: des3 }],
    ['another prf', { prf: der.sequence(der.oid('1.2.840.113549.2.8')) }],
  ])('%s is left out', (_name, options) => {
    expect(readPasswordRecipient(passwordRecipient(options))).toBeUndefined();
  });

  test('100,000 iterations are let in, none is malformed', () => {
    const most = readPasswordRecipient(passwordRecipient({ iterations: 100_000 }));
    expect(most?.derivation.iterations).toBe(100_000);
    expect(() => readPasswordRecipient(passwordRecipient({ iterations: 0 }))).toThrow(
      expect.objectContaining({ code: 'cms.malformed' }),
    );
  });
});

describe('id-alg-PWRI-KEK', () => {
  test('every key length comes back, and damage gives no key or another one', () => {
    const kek = { cipher: 'aes-128-cbc', iv: Buffer.alloc(16, 5) } as const;
    const kekKey = Buffer.alloc(16, 6);
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 3, maxLength: 60 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (bytes, at, flip) => {
          const key = Buffer.from(bytes);
          const wrapped = wrapKey(kek, kekKey, key, randomBytes);
          expect(wrapped.length % 16).toBe(0);
          expect(wrapped.length).toBeGreaterThanOrEqual(32);
          expect(unwrapKey(kek, kekKey, wrapped)).toEqual(key);
          wrapped.writeUInt8(wrapped.readUInt8(at % wrapped.length) ^ flip, at % wrapped.length);
          expect(unwrapKey(kek, kekKey, wrapped)?.equals(key)).not.toBe(true);
        },
      ),
    );
  });

  test.each([0, 8, 16, 33])('a wrapped key of %d octets is none', (length) => {
    const kek = { cipher: 'aes-128-cbc', iv: Buffer.alloc(16) } as const;
    expect(unwrapKey(kek, Buffer.alloc(16), Buffer.alloc(length))).toBeUndefined();
  });
});
