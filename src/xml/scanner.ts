import { hasForbiddenCharacter, qualifiedNamePattern } from './characters.js';
import { malformed } from './malformed.js';

export type XmlToken =
  | {
      readonly kind: 'start';
      readonly name: RawName;
      readonly attributes: readonly RawAttribute[];
      /** `<a/>`: no end token follows. */
      readonly empty: boolean;
    }
  | { readonly kind: 'end'; readonly name: RawName }
  | {
      readonly kind: 'text';
      /** Entities resolved. */
      readonly text: string;
      /** As it stood there: no entity, no CDATA. */
      readonly plain: boolean;
    };

export interface RawName {
  /** Empty where there is none. */
  readonly prefix: string;
  readonly localName: string;
}

export interface RawAttribute {
  readonly name: RawName;
  readonly value: string;
}

/**
 * Tags and text of a document, one after the other, in time linear in its length. Of XML 1.0 it leaves out
 * what can be turned against a reader or has no place in a message (SOAP 1.2 part 1 §5): DTDs, entities but
 * the five and numbers, processing instructions, other encodings than UTF-8. Comments are passed over.
 * Does not know which tags belong together.
 */
export class XmlScanner {
  readonly #text: string;
  readonly #name = qualifiedNamePattern();
  #at: number;

  /** @throws GatewayError `xml.malformed` */
  constructor(document: Buffer) {
    this.#text = decode(document);
    this.#at = declarationLength(this.#text);
  }

  /** Undefined at the end. @throws GatewayError `xml.malformed` */
  next(): XmlToken | undefined {
    for (;;) {
      const text = this.#text;
      if (this.#at >= text.length) return undefined;
      if (text[this.#at] !== '<') return this.#characters();
      if (text.startsWith('<!--', this.#at)) this.#comment();
      else if (text.startsWith('<![CDATA[', this.#at)) return this.#cdata();
      else if (text.startsWith('<!', this.#at))
        throw malformed('it has a document type declaration');
      else if (text.startsWith('<?', this.#at)) throw malformed('it has a processing instruction');
      else if (text.startsWith('</', this.#at)) return this.#endTag();
      else return this.#startTag();
    }
  }

  #characters(): XmlToken {
    const raw = this.#upTo('<') ?? this.#rest();
    if (raw.includes(']]>')) throw malformed('`]]>` stands in text');
    return { kind: 'text', text: resolved(raw), plain: !raw.includes('&') };
  }

  #comment(): void {
    this.#at += '<!--'.length;
    const comment = this.#upTo('--');
    if (comment === undefined || !this.#skip('-->')) throw malformed('a comment does not end');
  }

  #cdata(): XmlToken {
    this.#at += '<![CDATA['.length;
    const text = this.#upTo(']]>');
    if (text === undefined) throw malformed('a CDATA section does not end');
    this.#skip(']]>');
    return { kind: 'text', text, plain: false };
  }

  #endTag(): XmlToken {
    this.#at += '</'.length;
    const name = this.#qualifiedName();
    this.#blanks();
    if (!this.#skip('>')) throw malformed('a tag does not end');
    return { kind: 'end', name };
  }

  #startTag(): XmlToken {
    this.#at += '<'.length;
    const name = this.#qualifiedName();
    const attributes: RawAttribute[] = [];
    for (;;) {
      const blanks = this.#blanks();
      if (this.#skip('/>')) return { kind: 'start', name, attributes, empty: true };
      if (this.#skip('>')) return { kind: 'start', name, attributes, empty: false };
      if (blanks === 0) throw malformed('a tag does not end');
      if (attributes.length >= limits.attributes)
        throw malformed('an element has too many attributes');
      attributes.push(this.#attribute());
    }
  }

  #attribute(): RawAttribute {
    const name = this.#qualifiedName();
    this.#blanks();
    if (!this.#skip('=')) throw malformed('an attribute has no value');
    this.#blanks();
    const quote = this.#text[this.#at];
    if (quote !== '"' && quote !== "'") throw malformed('an attribute value has no quotes');
    this.#at += 1;
    const raw = this.#upTo(quote);
    if (raw === undefined) throw malformed('an attribute value does not end');
    this.#at += 1;
    if (raw.includes('<')) throw malformed('`<` stands in an attribute value');
    // XML 1.0 §3.3.3: white space is one space each, unless it is written as a number.
    return { name, value: resolved(raw.replace(/[\t\n]/g, ' ')) };
  }

  #qualifiedName(): RawName {
    this.#name.lastIndex = this.#at;
    const found = this.#name.exec(this.#text);
    if (found === null) throw malformed('a name is expected');
    const [whole, prefix = '', localName = ''] = found;
    if (whole.length > limits.name) throw malformed('a name is too long');
    this.#at += whole.length;
    return { prefix, localName };
  }

  /** @returns how many */
  #blanks(): number {
    const from = this.#at;
    while (isBlank(this.#text[this.#at])) this.#at += 1;
    return this.#at - from;
  }

  #skip(expected: string): boolean {
    if (!this.#text.startsWith(expected, this.#at)) return false;
    this.#at += expected.length;
    return true;
  }

  /** Leaves the place at `end`. Undefined where it does not come any more. */
  #upTo(end: string): string | undefined {
    const at = this.#text.indexOf(end, this.#at);
    if (at < 0) return undefined;
    const passed = this.#text.slice(this.#at, at);
    this.#at = at;
    return passed;
  }

  #rest(): string {
    const rest = this.#text.slice(this.#at);
    this.#at = this.#text.length;
    return rest;
  }
}

const limits = { octets: 4 * 1024 * 1024, attributes: 32, name: 256 } as const;

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\n' || character === '\t';
}

/** Line ends become `\n` (XML 1.0 §2.11). */
function decode(document: Buffer): string {
  if (document.length > limits.octets) throw malformed('it is too large');
  const text = utf8(document).replace(/\r\n?/g, '\n');
  if (hasForbiddenCharacter(text)) throw malformed('it holds a character that XML does not have');
  return text;
}

/** A byte order mark at the front is left out. */
function utf8(document: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(document);
  } catch {
    throw malformed('it is not UTF-8');
  }
}

const declaration =
  /^<\?xml[ \t\n]+version[ \t\n]{0,8}=[ \t\n]{0,8}["']1\.[0-9]["']([^<>?]{0,200})\?>/;

function declarationLength(text: string): number {
  if (!/^<\?xml[ \t\n]/.test(text)) return 0;
  const [whole = '', rest = ''] = declaration.exec(text) ?? [];
  if (whole === '') throw malformed('its declaration cannot be read');
  const encoding = /encoding[ \t\n]{0,8}=[ \t\n]{0,8}["']([^"']*)["']/.exec(rest)?.[1] ?? 'utf-8';
  if (encoding.toLowerCase() !== 'utf-8') throw malformed('it is not UTF-8');
  return whole.length;
}

const entities: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

/** No entity can grow: what is written is always longer than what it stands for. */
function resolved(raw: string): string {
  const parts: string[] = [];
  let at = 0;
  for (let next = raw.indexOf('&'); next >= 0; next = raw.indexOf('&', at)) {
    const [whole, hex, decimal, name] = reference.exec(raw.slice(next, next + longest)) ?? [];
    if (whole === undefined) throw unknownEntity();
    parts.push(raw.slice(at, next), referenced(hex, decimal, name));
    at = next + whole.length;
  }
  return parts.length === 0 ? raw : parts.join('') + raw.slice(at);
}

const reference = /^&(?:#x([0-9a-fA-F]{1,8})|#([0-9]{1,10})|([a-z]{2,4}));/;
const longest = '&#1234567890;'.length;

function referenced(
  hex: string | undefined,
  decimal: string | undefined,
  name: string | undefined,
): string {
  if (hex !== undefined) return character(Number.parseInt(hex, 16));
  if (decimal !== undefined) return character(Number(decimal));
  const entity = entities.get(name ?? '');
  if (entity === undefined) throw unknownEntity();
  return entity;
}

function unknownEntity() {
  return malformed('it has an entity that is not known');
}

function character(code: number): string {
  const text = code <= 0x10_ffff ? String.fromCodePoint(code) : '\0';
  if (hasForbiddenCharacter(text)) throw malformed('it holds a character that XML does not have');
  return text;
}
