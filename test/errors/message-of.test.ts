import { expect, test } from '@jest/globals';
import { messageOf } from '../../src/errors/index.js';

test.each([
  [new TypeError('no such thing'), 'no such thing'],
  ['a text', 'a text'],
  [undefined, 'undefined'],
])('%p in a sentence', (thrown, text) => {
  expect(messageOf(thrown)).toBe(text);
});
