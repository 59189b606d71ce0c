import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { errorCodes } from '../../src/errors/index.js';

test('docs/errors.md lists every code with its class, and no other', () => {
  const rows = [
    ...readFileSync('docs/errors.md', 'utf8').matchAll(/^\| `([^`]+)`\s*\| (\S+)\s*\|/gm),
  ];
  const documented = Object.fromEntries(
    rows.map(([, code = '', errorClass = '']) => [code, errorClass]),
  );
  expect(documented).toEqual(errorCodes);
});
