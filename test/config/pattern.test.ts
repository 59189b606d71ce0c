import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkConfig } from '../../src/config/index.js';

function faultOf(pattern: string): string | undefined {
  const checked = checkConfig({ profiles: { p: { policy: { subject: { pattern } } } } });
  return checked.kind === 'valid' ? undefined : checked.problems[0]?.problem;
}

const nested = 'repeats a group that is itself one repetition, such as (a+)*';

describe('patterns of the policy', () => {
  test.each([
    'CN=[^,]+,O=Example',
    'CN=[^,]+(?:,OU=[^,]+)*,O=Example',
    'dns:(?:[a-z0-9-]+\\.)+example\\.org',
    '(?:dns|ip):.*',
    '(?!.*admin)CN=.+',
    '\\p{L}{1,64}',
    '(?<name>a+)b',
    'a{2,}',
    '(?:a{2})+',
    '[*+]+',
    '(?:a?b)*',
    '\\(a+\\)+',
  ])('%s is taken', (pattern) => expect(faultOf(pattern)).toBeUndefined());

  test.each([
    ['(a+)+', nested],
    ['(?:a*)*', nested],
    ['((a+))*b', nested],
    ['(?:[a-z]+)*', nested],
    ['(?:a|b+)*', nested],
    ['(?:a+b?)+', nested],
    ['(?:a{1,9}){1,9}', nested],
    ['(?<x>\\w+)+', nested],
    ['(a)\\1', 'uses a back-reference'],
    ['(?<x>a)\\k<x>', 'uses a back-reference'],
    [')(', "is not a regular expression: Unmatched ')'"],
    ['[', 'is not a regular expression: Unterminated character class'],
    ['\\q', 'is not a regular expression: Invalid escape'],
    ['x'.repeat(513), 'is longer than 512 characters'],
  ])('%s is refused', (pattern, problem) => expect(faultOf(pattern)).toBe(problem));

  test('any text is judged', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...Array.from('ab()[]|*+?{}1,\\^$.:<=!kpu')), { maxLength: 20 }),
        (characters) => {
          const pattern = characters.join('');
          const compiles = isRegularExpression(pattern);
          if (faultOf(pattern) === undefined) expect(compiles).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

function isRegularExpression(pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u').source !== '';
  } catch {
    return false;
  }
}
