import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { der } from '../../src/asn1/index.js';
import { readInspected } from '../../src/cli/inspect/input.js';
import { toPem } from '../../src/x509/index.js';

/** A SEQUENCE as messages are: longer than 127 octets, any content. */
const message = fc
  .uint8Array({ minLength: 130, maxLength: 600 })
  .map((content) => der.sequence(der.octetString(Buffer.from(content))));

const encodings: readonly (readonly [string, (bytes: Buffer) => Buffer | string])[] = [
  ['binary', (bytes) => bytes],
  ['base64', (bytes) => bytes.toString('base64')],
  ['base64 without padding', (bytes) => bytes.toString('base64').replace(/=+$/, '')],
  ['base64 in lines', (bytes) => bytes.toString('base64').replace(/.{64}/g, '$&\r\n')],
  ['the URL-safe alphabet', (bytes) => bytes.toString('base64url')],
  ['percent-encoded', (bytes) => encodeURIComponent(bytes.toString('base64'))],
  ['encoded twice', (bytes) => encodeURIComponent(encodeURIComponent(bytes.toString('base64')))],
  ['hex', (bytes) => bytes.toString('hex')],
  ['hex with colons', (bytes) => (bytes.toString('hex').match(/../g) ?? []).join(':')],
  ['PEM', (bytes) => `some words\n${toPem('PKCS7', bytes)}`],
  ['PEM without its end', (bytes) => toPem('PKCS7', bytes).replace(/-----END.*/s, '')],
  [
    'UTF-16, as PowerShell writes it',
    (bytes) => Buffer.from(`\uFEFF${bytes.toString('base64')}\r\n`, 'utf16le'),
  ],
  [
    'a GET URL',
    (bytes) =>
      `http://h/scep?operation=PKIOperation&message=${encodeURIComponent(bytes.toString('base64'))}`,
  ],
  [
    'a GET URL with a raw +',
    (bytes) => `https://h:8443/x?message=${bytes.toString('base64')}&operation=PKIOperation`,
  ],
  [
    'a line of an IIS log',
    (bytes) =>
      `2026-01-01 10:00:00 10.0.0.1 GET /certsrv/mscep/mscep.dll operation=PKIOperation&message=${encodeURIComponent(bytes.toString('base64'))} 80 - 10.0.0.2 - 200 0 0 12`,
  ],
  [
    'an answer of curl -i',
    (bytes) => Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: x\r\n\r\n'), bytes]),
  ],
];

describe('what people paste', () => {
  test.each(encodings)('%s gives the same bytes back', (_name, encode) => {
    fc.assert(
      fc.property(message, (bytes) => {
        const encoded = encode(bytes);
        const input = readInspected(typeof encoded === 'string' ? Buffer.from(encoded) : encoded);
        expect(input?.objects.map((object) => object.bytes.toString('hex'))).toEqual([
          bytes.toString('hex'),
        ]);
      }),
      { numRuns: 30 },
    );
  });

  test('a blank that a proxy made of +', () => {
    const bytes = der.sequence(der.octetString(Buffer.alloc(150, 0xfb)));
    const text = bytes.toString('base64');
    expect(text).toContain('+');
    const input = readInspected(Buffer.from(text.replaceAll('+', ' ')));
    expect(input?.objects[0]?.bytes.equals(bytes)).toBe(true);
  });

  test('a request without a message names its operation and path', () => {
    const line = 'GET https://h/certsrv/mscep/mscep.dll?operation=GetCACert&message=ca HTTP/1.1';
    expect(readInspected(Buffer.from(line))).toEqual({
      form: 'a request',
      objects: [],
      request: { operation: 'GetCACert', path: '/certsrv/mscep/mscep.dll', message: 'ca' },
    });
  });

  test.each(['', 'hello', '<html></html>', '{"a":1}', 'AAAA', '30'])('%j is nothing', (text) => {
    expect(readInspected(Buffer.from(text))).toBeUndefined();
  });

  test('much padding in the middle is nothing we know, found in one pass', () => {
    expect(readInspected(Buffer.from(`M${'='.repeat(2 ** 20)}x`))).toBeUndefined();
  });

  test('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        readInspected(Buffer.from(bytes));
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        readInspected(Buffer.from(`-----BEGIN X-----${text}`));
        readInspected(Buffer.from(`message=${text}&operation=PKIOperation`));
      }),
    );
  });
});
