import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { documentLeaves } from '../../src/http/document-leaves.js';

const leavesOf = (text: string) =>
  documentLeaves(Buffer.from(text))?.map(({ path, text: leaf }) => [path.join('/'), leaf]);

describe('documentLeaves', () => {
  test.each([
    ['', []],
    [' \r\n', []],
    ['{}', []],
    [
      '\ufeff{"A":{"b":"x"},"c":[1,"2",{"D":"y"}],"e":null,"f":true}',
      [
        ['a/b', 'x'],
        ['c', '1'],
        ['c', '2'],
        ['c/d', 'y'],
      ],
    ],
    ['<a/>', []],
    [
      '<?xml version="1.0" encoding="UTF-8"?>\n<A x="1"><b>x &amp; y</b><b>z</b><c/></A>',
      [
        ['a/b', 'x & y'],
        ['a/b', 'z'],
      ],
    ],
  ])('%j', (text, leaves) => expect(leavesOf(text)).toEqual(leaves));

  test.each([
    'text',
    '"text"',
    '7',
    '{',
    '{"a":}',
    '<a>',
    '<a></b>',
    '</a>',
    '<a>x</a>y',
    '<a <b></a>',
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    '<a><!-- x --></a>',
    '<a><![CDATA[x]]></a>',
    `${'<a>'.repeat(17)}x${'</a>'.repeat(17)}`,
  ])('%j is neither', (text) => expect(leavesOf(text)).toBeUndefined());

  test('goes no deeper and takes no more than it must', () => {
    const deep = `${'{"a":'.repeat(1000)}"x"${'}'.repeat(1000)}`;
    expect(leavesOf(deep)).toEqual([]);
    for (const depth of [17, 1000, 30_000]) {
      expect(leavesOf(`${'['.repeat(depth)}"x"${']'.repeat(depth)}`)).toEqual([]);
    }
    expect(leavesOf(JSON.stringify(Array.from({ length: 5000 }, () => 'x')))).toHaveLength(1000);
  });

  test('never throws, and finds again what was written', () => {
    fc.assert(fc.property(fc.uint8Array(), (octets) => void documentLeaves(Buffer.from(octets))));
    fc.assert(
      fc.property(fc.stringMatching(/^[<>/a!&;[\]"'= -]{0,60}$/), (text) => void leavesOf(text)),
    );
    const name = fc.stringMatching(/^[a-z]{1,8}$/);
    const value = fc.stringMatching(/^[A-Za-z0-9-]{1,20}$/);
    fc.assert(
      fc.property(fc.dictionary(name, value, { minKeys: 1, maxKeys: 8 }), (members) => {
        const pairs = Object.entries(members);
        const xml = pairs.map(([tag, text]) => `<${tag}>${text}</${tag}>`).join('');
        const expected = pairs.map(([tag, text]) => [`event/${tag}`, text]);
        expect(leavesOf(`<event>${xml}</event>`)).toEqual(expected);
        expect(leavesOf(JSON.stringify({ event: members }))).toEqual(expected);
      }),
    );
  });
});
