import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { der, tag } from '../../src/asn1/index.js';
import { parseIssuerAndSerial } from '../../src/scep/issuer-and-serial.js';
import { Name } from '../../src/x509/index.js';
import { distinguishedName } from '../support/certificates.js';

const issuer = distinguishedName('CN=Test CA,O=Example');
const serial = der.unsignedInteger(0x1234);

describe('IssuerAndSerialNumber', () => {
  test.each(['utf8', 'printable', 'ia5', 'teletex'] as const)('an issuer in %s', (type) => {
    const name = distinguishedName('CN=Test CA,O=Example', type);
    const parsed = parseIssuerAndSerial(der.sequence(name, serial), []);
    expect(parsed.issuer.text).toBe('CN=Test CA,O=Example');
    expect(parsed.serial).toBe('1234');
  });

  test('an issuer with letters beyond ASCII', () => {
    const name = distinguishedName('CN=Zertifikate für Geräte');
    expect(parseIssuerAndSerial(der.sequence(name, serial), []).issuer.values('CN')).toEqual([
      'Zertifikate für Geräte',
    ]);
  });

  test('a BMPString only where it is one of our CAs', () => {
    const content = der.sequence(distinguishedName('CN=Test CA', 'bmp'), serial);
    const ours = [Name.fromDer(distinguishedName('CN=test  ca'))];
    expect(parseIssuerAndSerial(content, ours).serial).toBe('1234');
    expect(() => parseIssuerAndSerial(content, [])).toThrow(garbled);
  });

  test('a negative serial, and one of 20 octets', () => {
    const negative = der.integerFromBytes(Buffer.from([0xff]));
    expect(parseIssuerAndSerial(der.sequence(issuer, negative), []).serial).toBe('-01');
    const long = der.unsignedInteger(Buffer.alloc(20, 0xff));
    expect(parseIssuerAndSerial(der.sequence(issuer, long), []).serial).toBe('ff'.repeat(20));
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['no SEQUENCE', der.setOf(issuer, serial)],
    ['no serial', der.sequence(issuer)],
    ['something after the serial', der.sequence(issuer, serial, der.nul())],
    ['something after the end', Buffer.concat([der.sequence(issuer, serial), Buffer.from([0])])],
    ['an empty issuer', der.sequence(der.sequence(), serial)],
    ['an issuer of empty sets', der.sequence(der.sequence(der.setOf()), serial)],
    ['an issuer that is no name', der.sequence(der.sequence(der.nul()), serial)],
    ['an empty value', der.sequence(distinguishedName('CN='), serial)],
    ['control characters', der.sequence(distinguishedName('CN=a\u0007b'), serial)],
    ['octets that are no UTF-8', der.sequence(nameOf(tag.utf8String, 'ff80fe'), serial)],
    ['octets as a name', der.sequence(nameOf(tag.octetString, '4142'), serial)],
    [
      'octets beyond ASCII in TeletexString',
      der.sequence(nameOf(tag.teletexString, 'c4d6'), serial),
    ],
    ['a serial of 22 octets', der.sequence(issuer, der.integerFromBytes(Buffer.alloc(22, 1)))],
    ['a serial that is a string', der.sequence(issuer, der.octetString(Buffer.from([1])))],
  ])('%s looks like a failed decryption', (_name, content) => {
    expect(() => parseIssuerAndSerial(content, [])).toThrow(garbled);
  });

  test('is total, and random octets in a well-formed frame do not pass', () => {
    const garbage = fc
      .uint8Array({ minLength: 24, maxLength: 60 })
      .map((each) => Buffer.from(each));
    fc.assert(
      fc.property(garbage, (octets) => {
        const frames = [
          octets,
          der.sequence(der.sequence(), der.integerFromBytes(octets)),
          der.sequence(nameOf(tag.utf8String, `80${octets.toString('hex')}`), serial),
          der.sequence(der.sequence(octets), serial),
        ];
        for (const frame of frames) {
          expect(() => parseIssuerAndSerial(frame, [])).toThrow(garbled);
        }
      }),
    );
  });
});

/** Of the class whose answer is always the same. */
const garbled = expect.objectContaining({ class: 'crypto' });

function nameOf(type: number, hex: string): Buffer {
  const value = der.element(type, Buffer.from(hex, 'hex'));
  return der.sequence(der.setOf(der.sequence(der.oid('2.5.4.3'), value)));
}
