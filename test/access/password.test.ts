import { createHash, scryptSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { hashPassword, verifyPassword } from '../../src/access/index.js';

/** scrypt of `password`, at the least cost that is accepted. */
function quickHash(password: string): string {
  const salt = createHash('sha256').update('salt').digest();
  const hash = scryptSync(password, salt, 32, { N: 2 ** 14, r: 8, p: 1 });
  return `scrypt$16384$8$1$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}

describe('hashPassword', () => {
  test('makes salted hashes of the stated strength that verify', async () => {
    const [first, second] = [await hashPassword('pass word'), await hashPassword('pass word')];
    expect(first).toMatch(/^scrypt\$131072\$8\$1\$[A-Za-z0-9_-]{22}\$[A-Za-z0-9_-]{43}$/);
    expect(second).not.toBe(first);
    expect(await verifyPassword('pass word', first)).toBe(true);
    expect(await verifyPassword('pass  word', first)).toBe(false);
  });
});

describe('verifyPassword', () => {
  test('follows the parameters of the hash', async () => {
    expect(await verifyPassword('secret', quickHash('secret'))).toBe(true);
    expect(await verifyPassword('Secret', quickHash('secret'))).toBe(false);
    expect(await verifyPassword('', quickHash('secret'))).toBe(false);
  });

  test('takes both Unicode forms of a letter for the same (RFC 7617 §2.1)', async () => {
    expect(await verifyPassword('u\u0308ber', quickHash('\u00fcber'))).toBe(true);
  });

  test.each([
    ['no hash', ''],
    ['a plain password', 'secret'],
    ['another scheme', 'argon2$16384$8$1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaGhhc2g'],
    ['a cost that is no power of two', quickHash('secret').replace('16384', '16385')],
    ['a cost too small to protect', quickHash('secret').replace('16384', '1024')],
    ['a cost beyond memory', quickHash('secret').replace('16384', '16777216')],
    ['a missing field', quickHash('secret').split('$').slice(0, 5).join('$')],
    ['a short hash', quickHash('secret').slice(0, -30)],
  ])('refuses %s', async (_, encoded) => {
    await expect(verifyPassword('secret', encoded)).rejects.toMatchObject({
      code: 'config.invalid',
      message: 'A password hash cannot be read.',
    });
  });
});
