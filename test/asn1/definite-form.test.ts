import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { definiteForm, parseBer } from '../../src/asn1/index.js';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

test.each([
  ['DER stays', '30 03 02 01 05', '30 03 02 01 05'],
  ['an indefinite length', '30 80 02 01 05 00 00', '30 03 02 01 05'],
  ['a long form where the short one does', '30 82 0003 02 01 05', '30 03 02 01 05'],
  ['a string in segments', '24 80 04 01 61 24 03 04 01 62 00 00', '04 02 61 62'],
  ['a SET keeps its order', '31 80 02 01 02 02 01 01 00 00', '31 06 02 01 02 02 01 01'],
])('%s', (_name, ber, expected) => {
  expect(definiteForm(parseBer(hex(ber)))).toEqual(hex(expected));
});

test('property: what comes out is its own definite form', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      let node;
      try {
        node = parseBer(Buffer.from(bytes));
      } catch {
        return;
      }
      const once = definiteForm(node);
      expect(definiteForm(parseBer(once))).toEqual(once);
    }),
  );
});
