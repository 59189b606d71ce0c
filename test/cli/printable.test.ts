import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { printable } from '../../src/cli/printable.js';
import { table } from '../../src/cli/table.js';

describe('text of strangers on a terminal', () => {
  test.each([
    ['CN=\u001b[31mred', 'CN=\\u001b[31mred'],
    ['line\r\nbreak', 'line\\u000d\\u000abreak'],
    ['\u009b2J', '\\u009b2J'],
    ['abc\u202edcba', 'abc\\u202edcba'],
    ['zero\u200bwidth', 'zero\\u200bwidth'],
    ['Gerät – ok, 設備', 'Gerät – ok, 設備'],
  ])('%j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  test('kept characters stay', () => {
    expect(printable('a\nb\u0007', '\n')).toBe('a\nb\\u0007');
  });

  test('nothing invisible is left, and JSON means the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(JSON.parse(printable(JSON.stringify({ text })))).toEqual({ text });
      }),
    );
  });

  test('a table cell stays on its line and within its column', () => {
    const text = table(['A', 'B'], [['x\ny', 'z'.repeat(60)]]);
    expect(text).toBe(`A         B\nx\\u000ay  ${'z'.repeat(47)}…`);
  });
});
