import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { der, tag } from '../../src/asn1/index.js';
import {
  extensionOids,
  parseDistinguishedName,
  parseSubjectAltName,
  readSubjectAltNames,
  subjectAltNameText,
  writeSubjectAltNames,
} from '../../src/x509/index.js';

const upn = '1.3.6.1.4.1.311.20.2.3';

function otherName(oid: string, value: Buffer): Buffer {
  return der.contextConstructed(0, der.oid(oid), der.contextConstructed(0, value));
}

function ia5(number: number, text: string): Buffer {
  return der.context(number, Buffer.from(text, 'latin1'));
}

function texts(...names: Buffer[]): string[] {
  return readSubjectAltNames(der.sequence(...names)).map(subjectAltNameText);
}

describe('readSubjectAltNames', () => {
  test('names every kind, in order', () => {
    expect(
      texts(
        ia5(2, 'device-1.example'),
        ia5(1, 'a@b.example'),
        otherName(upn, der.utf8String('jörg@example.com')),
        ia5(6, 'https://example.com/x?y=1'),
        der.context(7, Buffer.from([192, 0, 2, 1])),
        der.context(7, Buffer.from('20010db8000000000000000000000001', 'hex')),
        der.contextConstructed(4, parseDistinguishedName('CN=a\\,b,O=c')),
        otherName('1.3.6.1.5.5.7.8.5', der.utf8String('x')),
        der.context(8, Buffer.from([0x2a, 3])),
        der.contextConstructed(3, der.nul()),
        der.contextConstructed(5, der.nul()),
      ),
    ).toEqual([
      'dns:device-1.example',
      'email:a@b.example',
      'upn:jörg@example.com',
      'uri:https://example.com/x?y=1',
      'ip:192.0.2.1',
      'ip:2001:db8::1',
      'directory:CN=a\\,b,O=c',
      'other:1.3.6.1.5.5.7.8.5#a00f06082b06010505070805a0030c0178',
      'other:registeredID#88022a03',
      'other:x400Address#a3020500',
      'other:ediPartyName#a5020500',
    ]);
  });

  test.each([
    ['::', '0'.repeat(32)],
    ['::1', `${'0'.repeat(31)}1`],
    ['2001:db8::1:0:0:1', '20010db8000000000001000000000001'],
    ['2001:db8:0:1:1:1:1:1', '20010db8000000010001000100010001'],
    ['fe80::', `fe80${'0'.repeat(28)}`],
  ])('writes an IPv6 address as RFC 5952 does: %s', (text, hex) => {
    expect(texts(der.context(7, Buffer.from(hex, 'hex')))).toEqual([`ip:${text}`]);
  });

  test.each([
    ['a NUL in a host name', ia5(2, 'evil.example\0.trusted.example')],
    ['a newline in a host name', ia5(2, 'evil.example\ndns:trusted.example')],
    ['a blank in a host name', ia5(2, 'a b')],
    ['UTF-8 in a host name', der.context(2, Buffer.from('bücher.example'))],
    ['a NUL in an e-mail address', ia5(1, 'a@b\0.example')],
    ['DEL in a URI', ia5(6, 'https://a/\u007f')],
    ['a NUL in a UPN', otherName(upn, der.utf8String('admin@corp\0.example'))],
    ['a bidi override in a UPN', otherName(upn, der.utf8String('\u202enimda@corp.example'))],
    ['a zero-width blank in a UPN', otherName(upn, der.utf8String('ad\u200bmin@corp.example'))],
    ['bad UTF-8 in a UPN', otherName(upn, der.element(tag.utf8String, Buffer.from([0x61, 0xff])))],
  ])('refuses %s', (_name, hostile) => {
    expect(() => texts(hostile)).toThrow(expect.objectContaining({ code: 'policy.san' }));
  });

  test.each([
    ['no SEQUENCE', der.octetString(Buffer.from('a'))],
    ['no GeneralName', der.sequence(der.utf8String('a'))],
    ['an address of 5 octets', der.sequence(der.context(7, Buffer.alloc(5)))],
    ['an otherName without value', der.sequence(der.contextConstructed(0, der.oid(upn)))],
    [
      'a second value in a UPN',
      der.sequence(
        der.contextConstructed(
          0,
          der.oid(upn),
          der.contextConstructed(0, der.utf8String('u@d'), der.utf8String('admin@d')),
        ),
      ),
    ],
    [
      'a second value beside that of a UPN',
      der.sequence(
        der.contextConstructed(
          0,
          der.oid(upn),
          der.contextConstructed(0, der.utf8String('u@d')),
          der.contextConstructed(0, der.utf8String('admin@d')),
        ),
      ),
    ],
    [
      'two Names in a directoryName',
      der.sequence(der.contextConstructed(4, der.sequence(), der.sequence())),
    ],
    ['a UPN that is no string', der.sequence(otherName(upn, der.unsignedInteger(1)))],
    ['a directoryName without name', der.sequence(der.contextConstructed(4))],
    ['truncated bytes', Buffer.from('3005', 'hex')],
  ])('calls %s malformed', (_name, value) => {
    expect(() => readSubjectAltNames(value)).toThrow(
      expect.objectContaining({ code: 'x509.malformed' }),
    );
  });

  test('gives back DER of what came as BER', () => {
    const segmented = Buffer.from('a2800401610401620000', 'hex');
    const [name] = readSubjectAltNames(der.sequence(segmented));
    expect(name).toEqual({ type: 'dns', value: 'ab', raw: ia5(2, 'ab') });

    const utf8 = der.utf8String('u@d');
    const indefinite = Buffer.concat([
      Buffer.from('a080', 'hex'),
      der.oid(upn),
      Buffer.from('a080', 'hex'),
      utf8,
      Buffer.alloc(4),
    ]);
    const [other] = readSubjectAltNames(der.sequence(indefinite));
    expect(other).toEqual({ type: 'upn', value: 'u@d', raw: otherName(upn, utf8) });
  });

  test('is total: any bytes give names or a GatewayError', () => {
    const bytes = fc.uint8Array({ maxLength: 12 });
    const name = fc.tuple(fc.integer({ min: 0x80, max: 0xbf }), bytes);
    fc.assert(
      fc.property(fc.array(name, { maxLength: 3 }), (names) => {
        const value = der.sequence(...names.map(([id, content]) => der.element(id, content)));
        try {
          for (const text of readSubjectAltNames(value).map(subjectAltNameText))
            expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        } catch (error) {
          expect(['x509.malformed', 'policy.san']).toContain((error as { code: string }).code);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('parseSubjectAltName', () => {
  test.each([
    'dns:device-1.example',
    'dns:*.example.com',
    'email:a@b.example',
    'upn:jörg@example.com',
    'uri:tag:microsoft.com,2022-09-14:sid:S-1-5-21',
    'ip:192.0.2.1',
    'ip:2001:db8::1',
    'directory:CN=a\\,b,O=c',
  ])('reads %s back', (text) => {
    const name = parseSubjectAltName(text);
    expect(subjectAltNameText(name)).toBe(text);
    expect(texts(name.raw)).toEqual([text]);
  });

  test.each([
    ['dns:Bücher.example', 'dns:xn--bcher-kva.example'],
    ['ip:2001:0DB8:0:0::0001', 'ip:2001:db8::1'],
    ['ip:::ffff:192.0.2.1', 'ip:::ffff:c000:201'],
    ['directory:cn = a', 'directory:CN=a'],
  ])('normalizes %s', (text, expected) => {
    expect(subjectAltNameText(parseSubjectAltName(text))).toBe(expected);
  });

  test.each([
    '',
    'device-1',
    'dns:',
    'dns:a b',
    'email:jörg@example.com',
    'ip:1.2.3',
    'ip:fe80::1%eth0',
    'upn:a\0b',
    'other:1.2.3',
    'host:a',
    'directory:a',
  ])('refuses %j', (text) => {
    expect(() => parseSubjectAltName(text)).toThrow(
      expect.objectContaining({ code: 'config.invalid' }),
    );
  });

  test('reads back every address', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        const name = parseSubjectAltName(`ip:${address}`);
        expect(parseSubjectAltName(subjectAltNameText(name)).raw.equals(name.raw)).toBe(true);
      }),
    );
  });
});

test('writeSubjectAltNames keeps the names as they are', () => {
  const names = [ia5(2, 'a.example'), ia5(1, 'a@b.example')];
  const extension = writeSubjectAltNames(names, true);
  expect(extension).toMatchObject({ oid: extensionOids.subjectAltName, critical: true });
  expect(readSubjectAltNames(extension.value).map(({ raw }) => raw)).toEqual(names);
});
