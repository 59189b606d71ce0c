import { expect, test } from '@jest/globals';
import { pinSchema } from '../../src/config/pin-schema.js';

const digits = '0123456789ABCDEF'.repeat(4);

test.each([
  ['as thumbprints are written', digits],
  ['in lower case', digits.toLowerCase()],
  ['with colons', digits.replace(/..(?!$)/g, '$&:')],
])('a pin %s is one and the same', (_, text) => {
  expect(pinSchema.parse(text)).toBe(digits);
});

test.each([digits.slice(1), `${digits}00`, digits.replace('0', 'x'), `${digits}:`])(
  '%s is none',
  (text) => {
    expect(pinSchema.safeParse(text).success).toBe(false);
  },
);
