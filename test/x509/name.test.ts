import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { der, tag } from '../../src/asn1/index.js';
import { Name, parseDistinguishedName } from '../../src/x509/index.js';

const cn = '2.5.4.3';

/** A Name of one RDN with one attribute. */
function nameOf(value: Buffer, type = cn): Name {
  return Name.fromDer(der.sequence(der.setOf(der.sequence(der.oid(type), value))));
}

function bmp(text: string): Buffer {
  return der.element(tag.bmpString, Buffer.from(text, 'utf16le').swap16());
}

function parse(text: string): Name {
  return Name.fromDer(parseDistinguishedName(text));
}

const configInvalid = expect.objectContaining({ code: 'config.invalid' });

describe('Name.text', () => {
  test.each([
    ['specials', 'a\\b,c+d"e<f>g;h=i', 'CN=a\\\\b\\,c\\+d\\"e\\<f\\>g\\;h\\=i'],
    ['a leading number sign', '#1#', 'CN=\\#1#'],
    ['blanks at both ends', '  a b  ', 'CN=\\  a b \\ '],
    ['one blank', ' ', 'CN=\\ '],
    ['an empty value', '', 'CN='],
    ['NUL, newline, escape', 'a\0b\nc\u001b[31m', 'CN=a\\00b\\0ac\\1b[31m'],
    ['C1 controls', 'a\u0085', 'CN=a\\c2\\85'],
    ['line separators', '\u2028\u2029', 'CN=\\e2\\80\\a8\\e2\\80\\a9'],
    ['bidi embeddings', '\u202a\u202e', 'CN=\\e2\\80\\aa\\e2\\80\\ae'],
    ['bidi isolates', '\u2066\u2069', 'CN=\\e2\\81\\a6\\e2\\81\\a9'],
    ['what anyone can read', 'Gerät ☃ 日本 😀', 'CN=Gerät ☃ 日本 😀'],
  ])('escapes %s', (_name, value, text) => {
    expect(nameOf(der.utf8String(value)).text).toBe(text);
  });

  test('writes a value that is no well-formed string as #hex', () => {
    expect(nameOf(der.unsignedInteger(5)).text).toBe('CN=#020105');
    expect(nameOf(bmp('\ud800')).text).toBe('CN=#1e02d800');
  });

  test('keeps encoding order, several RDNs and several attributes in one', () => {
    const name = parse('OU=b+CN=a, C=DE, 1.2.3.4=x');
    expect(name.text).toBe('CN=a+OU=b,C=DE,1.2.3.4=x');
    expect(name.values('CN')).toEqual(['a']);
    expect(name.values('1.2.3.4')).toEqual(['x']);
  });
});

describe('Name.matches', () => {
  test('ignores string type, case and blanks, and nothing else', () => {
    expect(
      nameOf(der.utf8String('Test  CA ')).matches(nameOf(der.printableString('test ca'))),
    ).toBe(true);
    expect(parse('CN=a,O=b').matches(parse('O=b,CN=a'))).toBe(false);
    expect(parse('CN=a+O=b').matches(parse('O=b+CN=a'))).toBe(true);
    expect(parse('CN=a').matches(parse('CN=a,CN=a'))).toBe(false);
  });

  test('tells values apart that are no strings', () => {
    expect(nameOf(der.unsignedInteger(1)).matches(nameOf(der.unsignedInteger(2)))).toBe(false);
    expect(nameOf(der.unsignedInteger(1)).matches(nameOf(der.utf8String('')))).toBe(false);
  });
});

describe('Name', () => {
  test.each([
    ['an RDN without attributes', der.sequence(der.setOf())],
    ['an attribute without value', der.sequence(der.setOf(der.sequence(der.oid(cn))))],
    [
      'an attribute with more than a value',
      der.sequence(
        der.setOf(der.sequence(der.oid(cn), der.utf8String('a'), der.utf8String('hidden'))),
      ),
    ],
  ])('refuses %s', (_name, bytes) => {
    expect(() => Name.fromDer(bytes)).toThrow(expect.objectContaining({ code: 'x509.malformed' }));
  });
});

describe('parseDistinguishedName', () => {
  test.each([
    ['CN=Device 1,O=Example', 'CN=Device 1,O=Example'],
    ['  cn = a , o = b  ', 'CN=a,O=b'],
    ['CN=a\n', 'CN=a'],
    ['E=a@b.example,S=Ohio', 'emailAddress=a@b.example,ST=Ohio'],
    ['OID.2.5.4.3=a', 'CN=a'],
    ['CN="Example, Inc.  "', 'CN=Example\\, Inc. \\ '],
    ['CN="a\\"b"+O=c', 'O=c+CN=a\\"b'],
    ['CN=a=b', 'CN=a\\=b'],
    ['CN=Ger\\c3\\A4t', 'CN=Gerät'],
    ['CN=#0c0161', 'CN=a'],
    ['CN=,O=b', 'CN=,O=b'],
    ['', ''],
    ['  ', ''],
  ])('reads %j', (text, expected) => {
    expect(parse(text).text).toBe(expected);
  });

  test.each([
    ['Device 1', '`type=value` at character 1'],
    ['/CN=a/O=b', '`type=value` at character 1'],
    ['CN=a,', '`type=value` at character 6'],
    ['CN=a,,O=b', '`type=value` at character 6'],
    ['FOO=a', 'unknown attribute type FOO'],
    ['CN=a;O=b', 'a character that must be escaped at character 5'],
    ['CN=a\\', 'a character that must be escaped at character 5'],
    ['CN="a', 'no closing quotation mark'],
    ['CN="a"b', 'a character that must be escaped at character 7'],
    ['CN=\\ff', 'escapes that are not UTF-8'],
    ['CN=#0c', 'a #value that is not DER'],
  ])('refuses %j and says where', (text, where) => {
    expect(() => parseDistinguishedName(text)).toThrow(configInvalid);
    expect(() => parseDistinguishedName(text)).toThrow(where);
  });

  test.each([
    ['C=DE', tag.printableString],
    ['serialNumber=AB-1', tag.printableString],
    ['serialNumber=AB_1', tag.utf8String],
    ['emailAddress=a@b.example', tag.ia5String],
    ['DC=example', tag.ia5String],
    ['DC=bücher', tag.utf8String],
    ['CN=a', tag.utf8String],
    ['O=Example', tag.utf8String],
  ])('gives %s the right string type', (text, type) => {
    expect(parse(text).rdns[0]?.[0]?.der[0]).toBe(type);
  });

  const oid = fc.constantFrom(cn, '2.5.4.6', '2.5.4.5', '0.9.2342.19200300.100.1.25', '1.2.840.99');
  const anyString = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...Array.from(' #\\,+"<>;=\0\n\t\u202e\ufeff\u00a0aé')) }),
  );
  const value = fc.oneof(
    anyString.map(der.utf8String),
    fc.string({ unit: 'binary-ascii' }).map(der.ia5String),
    anyString.map(bmp),
    fc.uint8Array({ maxLength: 8 }).map((octets) => der.element(tag.utf8String, octets)),
    fc.uint8Array({ maxLength: 8 }).map((octets) => der.element(tag.teletexString, octets)),
    fc.nat().map((n) => der.unsignedInteger(n)),
  );
  const anyName = fc
    .array(fc.array(fc.tuple(oid, value), { minLength: 1, maxLength: 3 }), { maxLength: 4 })
    .map((rdns) =>
      Name.fromDer(
        der.sequence(
          ...rdns.map((rdn) =>
            der.setOf(...rdn.map(([type, bytes]) => der.sequence(der.oid(type), bytes))),
          ),
        ),
      ),
    );

  test('the text of any Name reads back as that Name, and shows nothing invisible', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        expect(name.text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        const again = parse(name.text);
        expect(again.matches(name)).toBe(true);
        expect(parse(again.text).der.equals(again.der)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('is total: any text gives a Name or config.invalid', () => {
    const unit = fc.constantFrom(...Array.from('CNOU=,+;#"\\<> 12.0cfé'));
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit, maxLength: 30 })), (text) => {
        try {
          parse(text);
        } catch (error) {
          expect(error).toEqual(configInvalid);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
