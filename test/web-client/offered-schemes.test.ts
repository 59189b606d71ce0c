import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { offeredSchemes } from '../../src/web-client/offered-schemes.js';

function offered(...fields: string[]): [string, string | undefined][] {
  const raw = fields.flatMap((value) => ['WWW-Authenticate', value]);
  return offeredSchemes(['Server', 'IIS', ...raw]).map(({ scheme, token }) => [
    scheme,
    token?.toString('latin1'),
  ]);
}

describe('what a 401 offers', () => {
  test.each<[string[], [string, string | undefined][]]>([
    [[], []],
    [
      ['Negotiate', 'NTLM', 'Basic realm="ca1"'],
      [
        ['negotiate', undefined],
        ['ntlm', undefined],
        ['basic', undefined],
      ],
    ],
    [
      ['Negotiate, NTLM, Basic realm="a, b"'],
      [
        ['negotiate', undefined],
        ['ntlm', undefined],
        ['basic', undefined],
      ],
    ],
    [['NTLM YWJjZA=='], [['ntlm', 'abcd']]],
    [['negotiate  YWJjZA=='], [['negotiate', 'abcd']]],
    [['Digest realm="x, NTLM", qop="auth", nonce=NTLM'], [['digest', undefined]]],
    [['Basic realm="unended, NTLM'], [['basic', undefined]]],
    [
      ['Basic realm="a \\" b", NTLM'],
      [
        ['basic', undefined],
        ['ntlm', undefined],
      ],
    ],
    [[', ,=,"'], []],
  ])('%j', (fields, expected) => {
    expect(offered(...fields)).toEqual(expected);
  });

  test('is at most 16 schemes, whatever a server sends', () => {
    expect(offered('NTLM,'.repeat(5000))).toHaveLength(16);
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary-ascii', maxLength: 60 })), (fields) => {
        for (const [scheme] of offered(...fields)) expect(scheme).toMatch(/^[a-z][\w-]*$/);
      }),
    );
  });
});
