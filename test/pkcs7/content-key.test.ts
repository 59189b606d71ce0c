import { constants, privateDecrypt, publicEncrypt, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { GatewayError } from '../../src/errors/index.js';
import type { DigestAlgorithm } from '../../src/pkcs7/algorithms.js';
import type { RsaKeyTransport } from '../../src/pkcs7/codec.js';
import { unwrapContentKey, wrapContentKey } from '../../src/pkcs7/content-key.js';
import type { DecryptionKey } from '../../src/x509/index.js';
import { testKey, testKeyObject } from '../support/keys.js';

const key = testKey('ra-encrypt');
const keyObject = testKeyObject('ra-encrypt');
const modulusOctets = key.publicKey.bits / 8;
const pkcs1: RsaKeyTransport = { kind: 'rsaes-pkcs1-v1_5' };
const keyLengths = [8, 16, 24, 32] as const;

function oaep(
  digest: DigestAlgorithm,
  mgfDigest: DigestAlgorithm = digest,
  label = Buffer.alloc(0),
): RsaKeyTransport {
  return { kind: 'rsaes-oaep', digest, mgfDigest, label };
}

const transports: readonly [string, RsaKeyTransport][] = [
  ['PKCS#1 v1.5', pkcs1],
  ['OAEP SHA-1', oaep('sha1')],
  ['OAEP SHA-256', oaep('sha256')],
  ['OAEP SHA-512', oaep('sha512')],
  ['OAEP SHA-256 with MGF1 SHA-1', oaep('sha256', 'sha1')],
  ['OAEP SHA-1 with MGF1 SHA-384 and a label', oaep('sha1', 'sha384', Buffer.from('label'))],
];

/** Any encoded message under the public key, padding and all. */
function raw(encoded: Buffer): Buffer {
  return publicEncrypt(
    { key: key.publicKey.keyObject, padding: constants.RSA_NO_PADDING },
    encoded,
  );
}

/** 00 02 PS 00 key, with the block changed by `damage`. */
function pkcs1Block(contentKey: Buffer, damage: (block: Buffer) => void): Buffer {
  const padding = Buffer.alloc(modulusOctets - 3 - contentKey.length, 0xa5);
  const block = Buffer.concat([Buffer.from([0, 2]), padding, Buffer.from([0]), contentKey]);
  damage(block);
  return block;
}

describe.each(transports)('%s', (_name, transport) => {
  test.each(keyLengths)('a content key of %d octets comes back', async (length) => {
    const contentKey = randomBytes(length);
    const wrapped = wrapContentKey(key.publicKey, transport, contentKey);
    expect(wrapped).toHaveLength(modulusOctets);
    expect(await unwrapContentKey(key, transport, wrapped, length)).toEqual(contentKey);
  });

  test('a damaged ciphertext gives a substitute: right length, stable, not the key', async () => {
    const damage = fc.record({
      length: fc.constantFrom(...keyLengths),
      at: fc.nat(modulusOctets - 1),
      flip: fc.integer({ min: 1, max: 255 }),
    });
    await fc.assert(
      fc.asyncProperty(damage, async ({ length, at, flip }) => {
        const contentKey = randomBytes(length);
        const wrapped = Buffer.from(wrapContentKey(key.publicKey, transport, contentKey));
        wrapped.writeUInt8(wrapped.readUInt8(at) ^ flip, at);
        const first = await unwrapContentKey(key, transport, wrapped, length);
        expect(first).toHaveLength(length);
        expect(first.equals(contentKey)).toBe(false);
        expect(await unwrapContentKey(key, transport, wrapped, length)).toEqual(first);
      }),
      { numRuns: 25 },
    );
  });

  test('a ciphertext of another length or out of range gives a substitute, never an error', async () => {
    const notCiphertexts = [
      Buffer.alloc(0),
      Buffer.alloc(modulusOctets - 1, 1),
      Buffer.alloc(modulusOctets + 1, 1),
      Buffer.alloc(modulusOctets, 0xff),
      Buffer.alloc(modulusOctets, 0),
    ];
    for (const ciphertext of notCiphertexts) {
      const substitute = await unwrapContentKey(key, transport, ciphertext, 16);
      expect(substitute).toHaveLength(16);
      expect(await unwrapContentKey(key, transport, ciphertext, 16)).toEqual(substitute);
    }
  });

  test('a key of another length than the cipher wants gives the substitute', async () => {
    const wrapped = wrapContentKey(key.publicKey, transport, Buffer.alloc(24, 7));
    const key16 = await unwrapContentKey(key, transport, wrapped, 16);
    expect(key16).toHaveLength(16);
    expect(key16.equals(Buffer.alloc(16, 7))).toBe(false);
  });
});

describe('PKCS#1 v1.5 unpadding', () => {
  const contentKey = Buffer.alloc(16, 0x77);
  const separator = modulusOctets - contentKey.length - 1;

  test('takes a well-formed block made elsewhere', async () => {
    const block = pkcs1Block(contentKey, () => undefined);
    expect(await unwrapContentKey(key, pkcs1, raw(block), 16)).toEqual(contentKey);
  });

  test.each<[string, (block: Buffer) => void]>([
    ['a first octet that is not 00', (block) => block.writeUInt8(1, 0)],
    ['block type 01', (block) => block.writeUInt8(1, 1)],
    ['no separator', (block) => block.writeUInt8(1, separator)],
    ['a separator one octet early', (block) => block.writeUInt8(0, separator - 1)],
    ['a separator one octet late', (block) => block.writeUInt16BE(0x0100, separator)],
    ['a zero at the start of the padding', (block) => block.writeUInt8(0, 2)],
  ])('refuses %s', async (_name, damage) => {
    const unwrapped = await unwrapContentKey(key, pkcs1, raw(pkcs1Block(contentKey, damage)), 16);
    expect(unwrapped).toHaveLength(16);
    expect(unwrapped.equals(contentKey)).toBe(false);
  });

  test('a separator at any place but its own is refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: separator - 1 }), async (at) => {
        const block = pkcs1Block(contentKey, (bytes) => bytes.writeUInt8(0, at));
        const unwrapped = await unwrapContentKey(key, pkcs1, raw(block), 16);
        expect(unwrapped.equals(contentKey)).toBe(false);
      }),
      { numRuns: 40 },
    );
  });

  test('the substitute belongs to key and ciphertext', async () => {
    const bad = raw(pkcs1Block(contentKey, (block) => block.writeUInt8(1, 1)));
    const worse = raw(pkcs1Block(contentKey, (block) => block.writeUInt8(3, 1)));
    const here = await unwrapContentKey(key, pkcs1, bad, 32);
    expect((await unwrapContentKey(key, pkcs1, worse, 32)).equals(here)).toBe(false);
    expect((await unwrapContentKey(testKey('ra-old'), pkcs1, bad, 32)).equals(here)).toBe(false);
    expect((await unwrapContentKey(key, pkcs1, bad, 16)).equals(here.subarray(0, 16))).toBe(true);
  });
});

describe('OAEP', () => {
  test.each(['sha1', 'sha256', 'sha384', 'sha512'] as const)(
    'with %s agrees with OpenSSL both ways',
    async (digest) => {
      const contentKey = randomBytes(32);
      const label = Buffer.from('a label');
      const padding = constants.RSA_PKCS1_OAEP_PADDING;
      const options = { padding, oaepHash: digest, oaepLabel: label };
      const theirs = publicEncrypt({ key: key.publicKey.keyObject, ...options }, contentKey);
      const transport = oaep(digest, digest, label);
      expect(await unwrapContentKey(key, transport, theirs, 32)).toEqual(contentKey);
      const ours = wrapContentKey(key.publicKey, transport, contentKey);
      expect(privateDecrypt({ key: keyObject, ...options }, ours)).toEqual(contentKey);
    },
  );

  test('another label, digest or mask gives the substitute', async () => {
    const contentKey = randomBytes(16);
    const wrapped = wrapContentKey(key.publicKey, oaep('sha256'), contentKey);
    const others = [oaep('sha1'), oaep('sha256', 'sha1'), oaep('sha256', 'sha256', Buffer.of(1))];
    for (const other of others) {
      const unwrapped = await unwrapContentKey(key, other, wrapped, 16);
      expect(unwrapped).toHaveLength(16);
      expect(unwrapped.equals(contentKey)).toBe(false);
    }
  });

  test('a modulus too small for the digest cannot be encrypted to', () => {
    const small = testKey('client-1024').publicKey;
    expect(() => wrapContentKey(small, oaep('sha512'), Buffer.alloc(32))).toThrow(
      expect.objectContaining({ code: 'cms.recipient' }),
    );
    expect(wrapContentKey(small, oaep('sha256'), Buffer.alloc(32))).toHaveLength(128);
  });
});

describe('keys of another kind', () => {
  /** A token that hands out the number without its leading zeros. */
  function shortRaw(): DecryptionKey {
    return {
      publicKey: key.publicKey,
      rejectionSecret: () => key.rejectionSecret(),
      rawDecrypt: async (ciphertext) => {
        const whole = await key.rawDecrypt(ciphertext);
        return whole.subarray(whole.findIndex((octet) => octet !== 0));
      },
    };
  }

  test('a raw result without its leading zeros is filled up', async () => {
    for (const [, transport] of transports) {
      const wrapped = wrapContentKey(key.publicKey, transport, Buffer.alloc(16, 9));
      expect(await unwrapContentKey(shortRaw(), transport, wrapped, 16)).toEqual(
        Buffer.alloc(16, 9),
      );
    }
  });

  test('a key out of reach is an error, not a substitute', async () => {
    const away: DecryptionKey = {
      publicKey: key.publicKey,
      rejectionSecret: () => key.rejectionSecret(),
      rawDecrypt: () => Promise.reject(new GatewayError('issuer.unavailable', 'token removed')),
    };
    await expect(
      unwrapContentKey(away, pkcs1, Buffer.alloc(modulusOctets, 1), 16),
    ).rejects.toMatchObject({ code: 'issuer.unavailable' });
  });

  test('an EC key cannot be encrypted to', () => {
    const ec = testKey('client-p-256').publicKey;
    expect(() => wrapContentKey(ec, pkcs1, Buffer.alloc(16))).toThrow(
      expect.objectContaining({ code: 'cms.recipient', detail: 'EC P-256' }),
    );
  });
});
