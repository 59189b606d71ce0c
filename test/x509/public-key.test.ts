import { createPublicKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { der, parseBer } from '../../src/asn1/index.js';
import { keyOids, PublicKey } from '../../src/x509/index.js';
import { testKey } from '../support/keys.js';

const rsa = testKey('client').publicKey;
const ec = testKey('client-p-256').publicKey;
const [modulus, exponent] = parseBer(parseBer(rsa.spki).child(1).bits()).children;

function rsaSpki(parts: { parameters?: Buffer; modulus?: Buffer; exponent?: Buffer }): Buffer {
  const integer = (octets: Buffer) => der.integerFromBytes(octets);
  return der.sequence(
    der.sequence(der.oid(keyOids.rsa), parts.parameters ?? Buffer.alloc(0)),
    der.bitString(
      der.sequence(
        integer(parts.modulus ?? modulus!.content),
        integer(parts.exponent ?? exponent!.content),
      ),
    ),
  );
}

describe('one key has one encoding and one id', () => {
  test.each([
    ['without NULL', rsaSpki({})],
    ['with strange parameters', rsaSpki({ parameters: der.octetString(Buffer.alloc(9)) })],
    ['a modulus without its sign octet', rsaSpki({ modulus: modulus!.content.subarray(1) })],
    [
      'a modulus with a sign octet too many',
      rsaSpki({ modulus: Buffer.concat([Buffer.alloc(1), modulus!.content]) }),
    ],
    [
      'an exponent with leading zeros',
      rsaSpki({ exponent: Buffer.concat([Buffer.alloc(3), exponent!.content]) }),
    ],
    [
      'an element too many',
      der.sequence(...parseBer(rsa.spki).children.map(({ raw }) => raw), der.nul()),
    ],
    [
      'BER',
      Buffer.concat([
        Buffer.from('3080', 'hex'),
        ...parseBer(rsa.spki).children.map(({ raw }) => raw),
        Buffer.alloc(2),
      ]),
    ],
  ])('RSA %s', (_name, spki) => {
    const key = PublicKey.fromSpki(spki);
    expect(key.spki).toEqual(rsa.spki);
    expect(key.id).toBe(rsa.id);
    expect(key.subjectKeyIdentifier).toEqual(rsa.subjectKeyIdentifier);
    expect(key.keyObject.equals(rsa.keyObject)).toBe(true);
  });

  test('EC with an element too many', () => {
    const [algorithm, point] = parseBer(ec.spki).children;
    const key = PublicKey.fromSpki(der.sequence(algorithm!.raw, point!.raw, der.nul()));
    expect(key.spki).toEqual(ec.spki);
  });

  test('as OpenSSL writes it', () => {
    for (const { spki } of [rsa, ec])
      expect(
        createPublicKey({ key: spki, format: 'der', type: 'spki' }).export({
          format: 'der',
          type: 'spki',
        }),
      ).toEqual(spki);
  });
});
