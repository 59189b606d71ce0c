import { describe, expect, test } from '@jest/globals';
import { der, parseBer } from '../../src/asn1/index.js';
import {
  readCipher,
  readDigest,
  readSignatureAlgorithm,
  writeCipher,
  writeDigest,
  writeSignatureAlgorithm,
} from '../../src/pkcs7/algorithm-identifier.js';
import {
  ciphers,
  digests,
  type ContentCipher,
  type DigestAlgorithm,
} from '../../src/pkcs7/algorithms.js';
import type { RsaKeyTransport } from '../../src/pkcs7/codec.js';
import { readKeyTransport, writeKeyTransport } from '../../src/pkcs7/key-transport.js';
import { testKey } from '../support/keys.js';

const oaepOid = '1.2.840.113549.1.1.7';
const pssOid = '1.2.840.113549.1.1.10';
const everyDigest = Object.keys(digests) as DigestAlgorithm[];

function identifier(oid: string, ...parameters: Buffer[]): ReturnType<typeof parseBer> {
  return parseBer(der.sequence(der.oid(oid), ...parameters));
}

function mgf1(digest: DigestAlgorithm): Buffer {
  return der.sequence(der.oid('1.2.840.113549.1.1.8'), writeDigest(digest));
}

describe('digests', () => {
  test.each(everyDigest)('%s is read with NULL, without parameters, and as written', (digest) => {
    const { oid } = digests[digest];
    expect(readDigest(identifier(oid, der.nul()))).toBe(digest);
    expect(readDigest(identifier(oid))).toBe(digest);
    expect(readDigest(parseBer(writeDigest(digest)))).toBe(digest);
  });

  test('SHA-1 is written with NULL', () => {
    expect(writeDigest('sha1').toString('hex')).toBe('300906052b0e03021a0500');
  });

  test.each([
    ['2.16.840.1.101.3.4.2.4', 'The digest is SHA-224, which is not supported.'],
    ['1.2.3.4', 'The digest is an unknown algorithm (1.2.3.4), which is not supported.'],
  ])('%s is refused by name', (oid, message) => {
    expect(() => readDigest(identifier(oid))).toThrow(
      expect.objectContaining({ code: 'cms.algorithm', message, detail: `digest ${oid}` }),
    );
  });
});

describe('content ciphers', () => {
  test.each(Object.keys(ciphers) as ContentCipher[])('%s is read as written', (cipher) => {
    const iv = Buffer.alloc(ciphers[cipher].ivLength, 3);
    expect(readCipher(parseBer(writeCipher({ cipher, iv })))).toEqual({ cipher, iv });
  });

  test('RC2 is refused by name before its parameters are looked at', () => {
    expect(() => readCipher(identifier('1.2.840.113549.3.2', der.sequence()))).toThrow(
      expect.objectContaining({
        code: 'cms.algorithm',
        message: 'The content cipher is RC2-CBC, which is not supported.',
        detail: 'content cipher 1.2.840.113549.3.2',
      }),
    );
  });

  test('an IV of the wrong size is malformed', () => {
    const node = identifier(ciphers['aes-128-cbc'].oid, der.octetString(Buffer.alloc(8)));
    expect(() => readCipher(node)).toThrow(
      expect.objectContaining({ code: 'cms.malformed', detail: 'IV of 8 octets' }),
    );
  });
});

describe('signature algorithms', () => {
  test.each([
    ['1.2.840.113549.1.1.1', 'rsassa-pkcs1-v1_5', undefined],
    ['1.2.840.113549.1.1.4', 'rsassa-pkcs1-v1_5', 'md5'],
    ['1.2.840.113549.1.1.5', 'rsassa-pkcs1-v1_5', 'sha1'],
    ['1.2.840.113549.1.1.11', 'rsassa-pkcs1-v1_5', 'sha256'],
    ['1.2.840.113549.1.1.13', 'rsassa-pkcs1-v1_5', 'sha512'],
    ['1.2.840.10045.2.1', 'ecdsa', undefined],
    ['1.2.840.10045.4.3.3', 'ecdsa', 'sha384'],
  ])('%s is %s with %s', (oid, kind, digest) => {
    expect(readSignatureAlgorithm(identifier(oid))).toEqual({ kind, digest });
    expect(readSignatureAlgorithm(identifier(oid, der.nul()))).toEqual({ kind, digest });
  });

  test('PSS: absent, empty and explicit parameters', () => {
    const defaults = { kind: 'rsassa-pss', digest: 'sha1', saltLength: 20 };
    expect(readSignatureAlgorithm(identifier(pssOid))).toEqual(defaults);
    expect(readSignatureAlgorithm(identifier(pssOid, der.sequence()))).toEqual(defaults);
    const explicit = der.sequence(
      der.contextConstructed(0, writeDigest('sha256')),
      der.contextConstructed(1, mgf1('sha256')),
      der.contextConstructed(2, der.unsignedInteger(32)),
      der.contextConstructed(3, der.unsignedInteger(1)),
    );
    expect(readSignatureAlgorithm(identifier(pssOid, explicit))).toEqual({
      kind: 'rsassa-pss',
      digest: 'sha256',
      saltLength: 32,
    });
  });

  test.each([
    ['1.3.101.112', 'Ed25519'],
    ['1.2.840.10040.4.3', 'DSA with SHA-1'],
  ])('%s is refused as %s', (oid, name) => {
    expect(() => readSignatureAlgorithm(identifier(oid))).toThrow(
      expect.objectContaining({
        code: 'cms.algorithm',
        message: `The signature algorithm is ${name}, which is not supported.`,
      }),
    );
  });

  test('PSS with MGF1 over another digest is refused', () => {
    const mixed = der.sequence(der.contextConstructed(0, writeDigest('sha256')));
    expect(() => readSignatureAlgorithm(identifier(pssOid, mixed))).toThrow(
      expect.objectContaining({ code: 'cms.algorithm' }),
    );
  });

  test('RSA is written as rsaEncryption with NULL, EC with its digest', () => {
    const rsa = testKey('ra-sign').publicKey;
    const ec = testKey('client-p-256').publicKey;
    for (const digest of everyDigest)
      expect(writeSignatureAlgorithm(rsa, digest).toString('hex')).toBe(
        '300d06092a864886f70d0101010500',
      );
    expect(writeSignatureAlgorithm(ec, 'sha256').toString('hex')).toBe('300a06082a8648ce3d040302');
    expect(() => writeSignatureAlgorithm(ec, 'md5')).toThrow(
      expect.objectContaining({ code: 'cms.algorithm' }),
    );
  });
});

describe('key transports', () => {
  function oaep(digest: DigestAlgorithm, mgfDigest = digest, label = ''): RsaKeyTransport {
    return { kind: 'rsaes-oaep', digest, mgfDigest, label: Buffer.from(label) };
  }

  test('rsaEncryption is PKCS#1 v1.5, with or without NULL', () => {
    const oid = '1.2.840.113549.1.1.1';
    expect(readKeyTransport(identifier(oid))).toEqual({ kind: 'rsaes-pkcs1-v1_5' });
    expect(readKeyTransport(identifier(oid, der.nul()))).toEqual({ kind: 'rsaes-pkcs1-v1_5' });
  });

  test.each([
    ['absent', []],
    ['NULL', [der.nul()]],
    ['an empty SEQUENCE', [der.sequence()]],
  ])('OAEP parameters %s are the SHA-1 defaults', (_name, parameters) => {
    expect(readKeyTransport(identifier(oaepOid, ...parameters))).toEqual(oaep('sha1'));
  });

  test('the SHA-1 defaults are written as an empty SEQUENCE, for .NET', () => {
    expect(writeKeyTransport(oaep('sha1')).toString('hex')).toBe('300d06092a864886f70d0101073000');
  });

  test.each([
    oaep('sha256'),
    oaep('sha256', 'sha1'),
    oaep('sha1', 'sha512'),
    oaep('md5', 'md5', 'x'),
  ])('%j is read as written', (transport) => {
    expect(readKeyTransport(parseBer(writeKeyTransport(transport)))).toEqual(transport);
  });

  test.each([
    ['another algorithm', identifier('1.2.840.113549.1.9.16.3.5')],
    [
      'OAEP over SHA-224',
      identifier(
        oaepOid,
        der.sequence(
          der.contextConstructed(0, der.sequence(der.oid('2.16.840.1.101.3.4.2.4'), der.nul())),
        ),
      ),
    ],
  ])('%s is left out', (_name, node) => {
    expect(readKeyTransport(node)).toBeUndefined();
  });
});
