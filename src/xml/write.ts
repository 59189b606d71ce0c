import { hasForbiddenCharacter } from './characters.js';

/** Text, or an element. */
export type XmlNode = string | XmlTag;

interface XmlTag {
  /** As it is to stand there, prefix and all. */
  readonly name: string;
  /** Declarations of namespaces among them. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly content: readonly XmlNode[];
}

export function xmlTag(
  name: string,
  attributes: XmlTag['attributes'],
  ...content: readonly XmlNode[]
): XmlTag {
  return { name, attributes, content };
}

/** Whether XML can carry this text at all: control characters cannot even be escaped. */
export function isXmlText(text: string): boolean {
  return !hasForbiddenCharacter(text);
}

/**
 * A document in UTF-8, without declaration. Whatever stands in texts and attribute values stays text.
 * @throws RangeError for a text that `isXmlText` says no to
 */
export function writeXml(root: XmlTag): Buffer {
  return Buffer.from(written(root), 'utf8');
}

function written(node: XmlNode): string {
  if (typeof node === 'string') return escaped(node);
  const { name, attributes, content } = node;
  const start = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`);
  const inner = content.map(written).join('');
  return inner === ''
    ? `<${name}${start.join('')}/>`
    : `<${name}${start.join('')}>${inner}</${name}>`;
}

function escaped(text: string): string {
  if (!isXmlText(text)) throw new RangeError('a text holds a character that XML does not have');
  // As numbers also what a reader would change: line ends, and white space in attributes.
  return text.replace(/[<>&"'\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
