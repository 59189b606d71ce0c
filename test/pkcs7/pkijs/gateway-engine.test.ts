import { hash, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { ContentInfo, SignedData } from 'pkijs';
import fc from 'fast-check';
import { encryptContent } from '../../../src/pkcs7/content-encryption.js';
import { GatewayEngine } from '../../../src/pkcs7/pkijs/gateway-engine.js';
import { ciphers, createFastCodec, digests, type ContentCipher } from '../../../src/pkcs7/index.js';
import { createPkijsCodec } from '../../../src/pkcs7/pkijs/index.js';
import { selfSigned } from '../../support/certificates.js';
import { testKey } from '../../support/keys.js';

const engine = new GatewayEngine();
const cipherNames = Object.keys(ciphers) as ContentCipher[];

describe('GatewayEngine', () => {
  test.each(cipherNames)('%s gives what OpenSSL gives, and takes it back', async (cipher) => {
    const { keyLength, ivLength } = ciphers[cipher];
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
        const content = Buffer.from(bytes);
        const [key, iv] = [randomBytes(keyLength), randomBytes(ivLength)];
        const encrypted = await engine.encryptContent(cipher, key, iv, content);
        expect(encrypted).toEqual(encryptContent(cipher, key, iv, content));
        expect(await engine.decryptContent(cipher, key, iv, encrypted)).toEqual(content);
      }),
      { numRuns: 20 },
    );
  });

  test.each(['md5', 'sha1', 'sha256', 'sha384', 'sha512'] as const)(
    '%s is found by its OID and computed',
    async (digest) => {
      const { oid } = digests[digest];
      const algorithm = engine.getAlgorithmByOID(oid, true);
      expect(engine.getOIDByAlgorithm(algorithm)).toBe(oid);
      const data = randomBytes(100);
      const computed = await engine.digest(algorithm, data);
      expect(Buffer.from(computed)).toEqual(hash(digest, data, 'buffer'));
    },
  );

  test.each(cipherNames)('%s has a name and an OID', (cipher) => {
    const { oid } = ciphers[cipher];
    const algorithm = engine.getAlgorithmByOID(oid, true);
    expect(algorithm.name).not.toBe('');
    expect(engine.getOIDByAlgorithm(algorithm)).toBe(oid);
  });

  test('an unknown OID is refused when asked for safely, and nothing otherwise', () => {
    expect(() => engine.getAlgorithmByOID('1.2.3', true)).toThrow('Unsupported algorithm');
    expect(engine.getAlgorithmByOID('1.2.3')).toEqual({});
  });

  test.each([
    ['fast', createFastCodec],
    ['pkijs', createPkijsCodec],
  ] as const)("pkijs' own verify() takes what the %s codec signs", async (_name, create) => {
    for (const name of ['client', 'client-p-256'] as const) {
      const key = testKey(name);
      const certificate = await selfSigned(key, { subject: 'CN=signer' });
      const message = await create().sign({
        content: Buffer.from('content'),
        digest: 'sha256',
        attributes: [],
        signer: { certificate, key },
        certificates: [certificate],
      });
      const signedData = new SignedData({ schema: ContentInfo.fromBER(message).content });
      expect(await signedData.verify({ signer: 0 }, engine)).toBe(true);
    }
  });
});
