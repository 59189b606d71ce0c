import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readPem, toPem } from '../../src/x509/index.js';

describe('readPem', () => {
  test('what toPem wrote is read, among other text and in order', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 }).map((b) => Buffer.from(b));
    const label = fc.constantFrom('CERTIFICATE', 'PRIVATE KEY', 'X509 CRL');
    fc.assert(
      fc.property(fc.array(fc.tuple(label, bytes)), (blocks) => {
        const text = blocks.map(([name, der]) => `subject=CN = a\n${toPem(name, der)}`).join('\n');
        const found = readPem(text.replace(/\n/g, '\r\n'));
        expect(found.map(({ label, der }) => [label, der])).toEqual(blocks);
      }),
    );
  });

  test('keeps lines at 64 characters', () => {
    expect(toPem('CERTIFICATE', Buffer.alloc(50))).toBe(
      `-----BEGIN CERTIFICATE-----\n${'A'.repeat(64)}\nAAA=\n-----END CERTIFICATE-----\n`,
    );
  });

  test('skips RFC 1421 headers and gives the block as found', () => {
    const text =
      '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00FF\n\nAAEC\n-----END RSA PRIVATE KEY-----';
    expect(readPem(`x ${text} y`)).toEqual([
      { label: 'RSA PRIVATE KEY', der: Buffer.from([0, 1, 2]), text },
    ]);
  });

  test('no block is no error', () => {
    expect(readPem('nothing here')).toEqual([]);
    expect(readPem('-----BEGIN -----')).toEqual([]);
  });

  test.each([
    ['-----BEGIN CERTIFICATE-----\nAAEC', 'The PEM block CERTIFICATE does not end.'],
    [
      '-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----',
      'The PEM block CERTIFICATE is not base64.',
    ],
    [
      '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----',
      'The PEM block CERTIFICATE is not base64.',
    ],
  ])('refuses %j', (text, message) => {
    expect(() => readPem(text)).toThrow(
      expect.objectContaining({ code: 'x509.malformed', message }),
    );
  });

  test('a hostile text of many beginnings takes no longer than one', () => {
    const started = process.cpuUsage();
    expect(() => readPem('-----BEGIN A-----\n'.repeat(200_000))).toThrow('does not end');
    expect(process.cpuUsage(started).user).toBeLessThan(1_000_000);
  });
});
