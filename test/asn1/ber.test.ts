import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  decodeOid,
  decodeTime,
  der,
  encodeOid,
  encodeTime,
  parseBer,
} from '../../src/asn1/index.js';

describe('parseBer', () => {
  test('reads what the DER writer wrote', () => {
    const bytes = der.sequence(
      der.oid('1.2.840.113549.1.7.2'),
      der.octetString(Buffer.from('abc')),
    );
    const node = parseBer(bytes);
    expect(node.child(0).oid()).toBe('1.2.840.113549.1.7.2');
    expect(node.child(1).octets().toString()).toBe('abc');
    expect(node.raw.equals(bytes)).toBe(true);
  });

  test('joins the segments of an indefinite-length OCTET STRING', () => {
    const node = parseBer(Buffer.from('24800402414204014324800401440000' + '0000', 'hex'));
    expect(node.octets().toString()).toBe('ABCD');
  });

  test('joins segments of its own type, and OCTET STRINGs', () => {
    const node = parseBer(Buffer.from('2c060c0141040142', 'hex'));
    expect(node.octets().toString()).toBe('AB');
  });

  test.each([
    ['a NULL', '24 05 04 01 41 05 00'],
    ['of another string type', '2c 06 0c 01 41 13 01 42'],
    ['a SEQUENCE', '24 05 30 03 04 01 41'],
  ])('takes no segment that is %s', (_, hex) => {
    const node = parseBer(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
    expect(() => node.octets()).toThrow(expect.objectContaining({ code: 'asn1.malformed' }));
  });

  test.each([
    ['empty input', ''],
    ['truncated header', '30'],
    ['content past the end', '3005020101'],
    ['bytes after the element', '02010100'],
    ['missing end-of-contents', '3080020101'],
    ['indefinite primitive', '0480'],
    ['five length octets', '30850000000001ff'],
    ['multi-octet tag', '1f8101'],
    ['a primitive SEQUENCE', '1000'],
    ['a primitive SET', '1100'],
    ['a constructed INTEGER', '2203020101'],
    ['a constructed NULL', '2500'],
    ['a constructed OBJECT IDENTIFIER', '2600'],
  ])('refuses %s', (_name, hex) => {
    expect(() => parseBer(Buffer.from(hex, 'hex'))).toThrow(
      expect.objectContaining({ code: 'asn1.malformed' }),
    );
  });

  test('refuses depth, element count and OID size beyond the limits before any parser sees them', () => {
    let deep = der.nul();
    for (let i = 0; i < 40; i++) deep = der.sequence(deep);
    const wide = der.sequence(...Array.from({ length: 3000 }, () => der.nul()));
    const longOid = der.element(0x06, Buffer.alloc(200, 1));
    for (const hostile of [deep, wide, longOid]) {
      expect(() => parseBer(hostile)).toThrow(expect.objectContaining({ code: 'asn1.limit' }));
    }
  });

  test('is total: any bytes give a tree or a GatewayError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          parseBer(Buffer.from(bytes));
        } catch (error) {
          expect((error as { code: string }).code).toMatch(/^asn1\./);
        }
      }),
    );
  });
});

describe('OID and time', () => {
  test('OIDs come back as they went in', () => {
    const arc = fc.bigInt({ min: 0n, max: 2n ** 100n });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1 }),
        fc.integer({ min: 0, max: 39 }),
        fc.array(arc),
        (a, b, rest) => {
          const oid = [a, b, ...rest].join('.');
          expect(decodeOid(encodeOid(oid))).toBe(oid);
        },
      ),
    );
    expect(decodeOid(encodeOid('2.999.3'))).toBe('2.999.3');
  });

  test('times come back in whole seconds on both sides of 2050', () => {
    const min = new Date('1950-01-01T00:00:00Z');
    const max = new Date('9999-12-31T23:59:59Z');
    fc.assert(
      fc.property(fc.date({ min, max, noInvalidDate: true }), (date) => {
        const decoded = decodeTime(parseBer(encodeTime(date)));
        expect(decoded.getTime()).toBe(Math.floor(date.getTime() / 1000) * 1000);
      }),
    );
  });
});
