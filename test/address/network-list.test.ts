import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseNetworkList } from '../../src/address/index.js';

describe('parseNetworkList', () => {
  test('one network a line, comments, a date, any line ends', () => {
    const outcome = parseNetworkList(
      '\uFEFF# Jamf Cloud\r\n# Date: 2026-11-01\r\n\r\n  54.208.14.206  # us-east\n2001:db8::/32\r10.0.0.0/8',
    );
    expect(outcome).toMatchObject({
      kind: 'read',
      list: {
        networks: [{ text: '54.208.14.206' }, { text: '2001:db8::/32' }, { text: '10.0.0.0/8' }],
        date: new Date('2026-11-01T00:00:00Z'),
      },
    });
  });

  test('no date is no fault', () => {
    expect(parseNetworkList('192.0.2.1')).toMatchObject({ list: { date: undefined } });
  });

  test.each([
    ['', ['it holds no address']],
    ['# nothing\n', ['it holds no address']],
    [
      '192.0.2.1\n066.208.14.206\nx/y',
      ['line 2 (066.208.14.206) is no IP address', 'line 3 (x/y) is no IP address'],
    ],
    ['192.0.2.1, 192.0.2.2', ['line 1 (192.0.2.1, 192.0.2.2) is no IP address']],
    ['192.0.2.1\n# date: 2026-02-30', ['line 2 has no date such as 2026-11-01']],
    ['192.0.2.1\n# date: yesterday', ['line 2 has no date such as 2026-11-01']],
    ['# date: 2026-01-01\n# date: 2026-01-02\n192.0.2.1', ['line 2 is a second date']],
    ['\u001b[2J', ['line 1 (?[2J) is no IP address']],
  ])('%j is broken', (text, problems) => {
    expect(parseNetworkList(text)).toEqual({ kind: 'broken', problems });
  });

  test('tells ten problems at most, and takes no list without end', () => {
    const broken = parseNetworkList('x\n'.repeat(100));
    expect(broken.kind === 'broken' && broken.problems.length).toBe(10);
    expect(parseNetworkList('192.0.2.1\n'.repeat(20_001))).toEqual({
      kind: 'broken',
      problems: ['it has more than 20000 entries'],
    });
  });

  test('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(['read', 'broken']).toContain(parseNetworkList(text).kind);
      }),
    );
  });
});
