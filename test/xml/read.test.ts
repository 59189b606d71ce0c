import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isGatewayError } from '../../src/errors/index.js';
import { isXmlText, readXml, writeXml, xmlTag, type XmlElement } from '../../src/xml/index.js';

const read = (text: string): XmlElement => readXml(Buffer.from(text));

/** What it is refused with, or what it is. */
function refusal(document: Buffer | string): string {
  try {
    const root = readXml(Buffer.from(document));
    return `read as ${root.localName}`;
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    expect(error.code).toBe('xml.malformed');
    return error.message.replace('The XML cannot be read: ', '');
  }
}

/** Names, attributes and texts, as something that can be compared. */
function plain(element: XmlElement): unknown {
  const { namespace, localName, attributes, children, text } = element;
  return [`{${namespace}}${localName}`, Object.fromEntries(attributes), text, children.map(plain)];
}

describe('what is read', () => {
  test('elements, attributes, texts, with their namespaces', () => {
    const root = read(
      `\ufeff<?xml version="1.0" encoding="UTF-8"?>\r\n<!-- one --><s:a xmlns:s="urn:s" xmlns='urn:d' x="1&#10;&amp;\t2" s:x="3">` +
        `t&lt;<b xmlns="">u<![CDATA[<&]]></b><c xmlns:s="urn:o"><s:d/></c>&#x1F600;</s:a>\n<!----> `,
    );
    expect(plain(root)).toEqual([
      '{urn:s}a',
      { x: '1\n& 2', '{urn:s}x': '3' },
      't<\u{1F600}',
      [
        ['{}b', {}, 'u<&', []],
        ['{urn:d}c', {}, '', [['{urn:o}d', {}, '', []]]],
      ],
    ]);
    expect(root.namespaceOf('s')).toBe('urn:s');
    expect(root.namespaceOf('')).toBe('urn:d');
    expect(root.namespaceOf('nobody')).toBeUndefined();
  });

  test('the one child of a name, where there is one', () => {
    const root = read('<a xmlns="urn:a"><b/><c/><c/></a>');
    expect(root.child('urn:a', 'b')?.localName).toBe('b');
    expect(root.child('urn:b', 'b')).toBeUndefined();
    expect(root.child('urn:a', 'c')).toBeUndefined();
    expect(root.all('urn:a', 'c')).toHaveLength(2);
  });

  test('line ends are one character, unless written as numbers', () => {
    expect(read('<a>1\r\n2\r3&#xD;</a>').text).toBe('1\n2\n3\r');
  });

  test('up to the limits', () => {
    expect(read(`${'<a>'.repeat(32)}${'</a>'.repeat(32)}`).localName).toBe('a');
    expect(read(`<a>${'<b/>'.repeat(4095)}</a>`).children).toHaveLength(4095);
    const attributes = Array.from({ length: 32 }, (_, n) => ` a${n}=""`).join('');
    expect(read(`<a${attributes}/>`).attributes.size).toBe(32);
  });
});

describe('what is refused', () => {
  const entity = 'it has a document type declaration.';
  test.each([
    ['', 'it ends too early.'],
    ['text', 'text stands outside of the root.'],
    ['<a>', 'it ends too early.'],
    ['<a', 'a tag does not end.'],
    ['<a></b>', 'an end tag does not match.'],
    ['</a>', 'an end tag does not match.'],
    ['<p:a xmlns:p="u"></q:a>', 'an end tag does not match.'],
    ['<a/><b/>', 'it has more than one root.'],
    ['<a/>text', 'text stands outside of the root.'],
    ['<a/>&#32;', 'text stands outside of the root.'],
    ['<a/><![CDATA[]]>', 'text stands outside of the root.'],
    ['<!DOCTYPE a><a/>', entity],
    ['<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', entity],
    ['<a><!ENTITY b "c"></a>', entity],
    ['<a>&b;</a>', 'it has an entity that is not known.'],
    ['<a>&nbsp;</a>', 'it has an entity that is not known.'],
    ['<a>&</a>', 'it has an entity that is not known.'],
    ['<a>&#0;</a>', 'it holds a character that XML does not have.'],
    ['<a>&#xD800;</a>', 'it holds a character that XML does not have.'],
    ['<a>&#x110000;</a>', 'it holds a character that XML does not have.'],
    ['<a>&#xFFFFFFFF;</a>', 'it holds a character that XML does not have.'],
    ['<a>\u0007</a>', 'it holds a character that XML does not have.'],
    ['<a><?php ?></a>', 'it has a processing instruction.'],
    ['<?pi?><a/>', 'it has a processing instruction.'],
    ['<?xml version="2.0"?><a/>', 'its declaration cannot be read.'],
    ['<?xml version="1.0" encoding="utf-16"?><a/>', 'it is not UTF-8.'],
    ['<a>]]></a>', '`]]>` stands in text.'],
    ['<a><!-- b -- c --></a>', 'a comment does not end.'],
    ['<a><!-- b', 'a comment does not end.'],
    ['<a><![CDATA[ b', 'a CDATA section does not end.'],
    ['<a b/>', 'an attribute has no value.'],
    ['<a b=c/>', 'an attribute value has no quotes.'],
    ['<a b="c/>', 'an attribute value does not end.'],
    ['<a b="<"/>', '`<` stands in an attribute value.'],
    ['<a b="1"c="2"/>', 'a tag does not end.'],
    ['<a b="1" b="2"/>', 'an element has an attribute twice.'],
    ['<a xmlns:p="u" xmlns:q="u" p:b="1" q:b="2"/>', 'an element has an attribute twice.'],
    ['<a xmlns:p="u" xmlns:p="v"/>', 'an element declares a prefix twice.'],
    ['<a xmlns:p=""/>', 'a declaration of a namespace is not allowed.'],
    ['<a xmlns:xmlns="u"/>', 'a declaration of a namespace is not allowed.'],
    ['<a xmlns:xml="u"/>', 'a declaration of a namespace is not allowed.'],
    [
      '<a xmlns="http://www.w3.org/XML/1998/namespace"/>',
      'a declaration of a namespace is not allowed.',
    ],
    ['<p:a/>', 'a prefix is not declared.'],
    ['<a p:b="1"/>', 'a prefix is not declared.'],
    ['<a:b:c xmlns:a="u"/>', 'a tag does not end.'],
    ['<1a/>', 'a name is expected.'],
    ['< a/>', 'a name is expected.'],
  ])('%j', (document, reason) => expect(refusal(document)).toBe(reason));

  test('more than the limits', () => {
    const attributes = Array.from({ length: 33 }, (_, n) => ` a${n}=""`).join('');
    expect(refusal(`<${'a'.repeat(257)}/>`)).toBe('a name is too long.');
    expect(refusal(`${'<a>'.repeat(33)}${'</a>'.repeat(33)}`)).toBe('it is nested too deep.');
    expect(refusal(`<a>${'<b/>'.repeat(4096)}</a>`)).toBe('it has too many elements.');
    expect(refusal(`<a${attributes}/>`)).toBe('an element has too many attributes.');
  });

  test('octets that are no UTF-8, and too many of them', () => {
    expect(refusal(Buffer.from('<a>\xe4</a>', 'latin1'))).toBe('it is not UTF-8.');
    expect(refusal(Buffer.from('<a/>', 'utf16le'))).toBe(
      'it holds a character that XML does not have.',
    );
    expect(refusal(Buffer.alloc(4 * 1024 * 1024 + 1, 0x20))).toBe('it is too large.');
  });
});

const text = fc.string({ unit: 'binary', maxLength: 20 }).filter((value) => isXmlText(value));
const name = fc.stringMatching(/^[A-Za-z_ä][A-Za-z0-9._-]{0,5}$/);
const attributes = fc.dictionary(
  name.filter((one) => one !== 'xmlns'),
  text,
  { maxKeys: 3, noNullPrototype: true },
);

interface Tree {
  readonly name: string;
  readonly attributes: Record<string, string>;
  readonly text: string;
  readonly children: readonly Tree[];
}

function trees(depth: number): fc.Arbitrary<Tree> {
  const children: fc.Arbitrary<readonly Tree[]> =
    depth === 0 ? fc.constant([]) : fc.array(trees(depth - 1), { maxLength: 3 });
  return fc.record({ name, attributes, text, children });
}

const tree = trees(3);

function tag(from: Tree): ReturnType<typeof xmlTag> {
  return xmlTag(from.name, from.attributes, from.text, ...from.children.map(tag));
}

function plainTree(from: Tree): unknown {
  return [`{}${from.name}`, from.attributes, from.text, from.children.map(plainTree)];
}

describe('properties', () => {
  test('what is written is read again as it was', () => {
    fc.assert(
      fc.property(tree, (made) => {
        expect(plain(readXml(writeXml(tag(made))))).toEqual(plainTree(made));
      }),
    );
  });

  test('whatever the octets, it is read or refused', () => {
    const pieces = fc.constantFrom(
      ...[
        '<',
        '>',
        '/',
        '<a',
        '</a>',
        '<a>',
        '<a/>',
        '"',
        "'",
        '=',
        ' b="c"',
        '&',
        '&amp;',
        '&#',
        ';',
      ],
      ...[
        '<!--',
        '-->',
        '<![CDATA[',
        ']]>',
        '<!',
        '<?xml version="1.0"?>',
        '<?',
        '?>',
        'xmlns:a="u"',
      ],
      ...[' xmlns="u"', ':', 'a:b', ' ', '\r\n', '\0', '\u{10ffff}', 'ä'],
    );
    const documents = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((octets) => Buffer.from(octets)),
      fc.array(pieces, { maxLength: 40 }).map((parts) => Buffer.from(parts.join(''))),
      fc.tuple(tree, fc.nat(), fc.uint8Array({ maxLength: 4 })).map(([made, at, octets]) => {
        const whole = writeXml(tag(made));
        return Buffer.concat([
          whole.subarray(0, at % whole.length),
          octets,
          whole.subarray((at % whole.length) + 1),
        ]);
      }),
    );
    const seen = new Set<boolean>();
    fc.assert(
      fc.property(documents, (document) => {
        seen.add(refusal(document).startsWith('read as'));
      }),
      { numRuns: 3000 },
    );
    expect(seen.size).toBe(2);
  });

  test.each([
    ['comments that end', '<!---->'],
    ['comments that do not end', '<!--'],
    ['CDATA', '<![CDATA['],
    ['entities', '&amp;'],
    ['ampersands', '&'],
    ['blanks', ' '],
    ['tags', '<a '],
    ['prefixes', 'a:'],
    ['question marks', '<?xml version="1.0" '],
  ])('a megabyte of %s is judged, not chewed on', (_, piece) => {
    expect(refusal(`<a>${piece.repeat((1024 * 1024) / piece.length)}`)).not.toBe('');
  });
});

describe('what is written', () => {
  test('texts stay texts', () => {
    const document = writeXml(xmlTag('a', { b: `"'<&>\n` }, '</a><!--', xmlTag('c', {})));
    expect(document.toString()).toBe(
      '<a b="&#34;&#39;&#60;&#38;&#62;&#10;">&#60;/a&#62;&#60;!--<c/></a>',
    );
  });

  test('what XML cannot carry is not written', () => {
    expect(() => writeXml(xmlTag('a', {}, 'b\u0000'))).toThrow(RangeError);
    expect(() => writeXml(xmlTag('a', { b: '\ud800' }))).toThrow(RangeError);
    expect(isXmlText('\u001b[0m')).toBe(false);
  });
});
