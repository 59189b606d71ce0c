/**
 * A page of certsrv as a flat list of tags and texts. Scripts and comments are left out: the page of an
 * issued certificate is mostly script, with links in it that lead elsewhere. Linear in the length of the
 * page, bounded, never throws: the server is not trusted.
 */
export class Page {
  readonly #tokens: readonly Token[];

  private constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  static parse(body: Buffer): Page {
    return new Page(tokensOf(decodePage(body)));
  }

  /**
   * Text of the first element with this id, up to its end tag, the next tag of its name or the end of the
   * body; ids ignore case. Undefined as well where none of them comes: a number there may be cut.
   */
  textOf(id: string): string | undefined {
    const at = this.#indexOf(id);
    const start = this.#tokens[at];
    return start?.kind === 'start' ? this.#textUntil(at + 1, start.name) : undefined;
  }

  /** Text of the first element of this name behind the element with this id: the `DD` of a `DT`. */
  textAfter(id: string, name: string): string | undefined {
    const at = this.#indexOf(id);
    if (at < 0) return undefined;
    const next = this.#tokens.findIndex(
      (token, index) => index > at && token.kind === 'start' && token.name === name,
    );
    return next < 0 ? undefined : this.#textUntil(next + 1, name);
  }

  /** Destinations of links, in order. */
  get links(): string[] {
    return this.#tokens.flatMap((token) =>
      token.kind === 'start' && token.name === 'a' && token.href !== undefined ? [token.href] : [],
    );
  }

  /** Everything that is no markup, blanks joined. */
  get text(): string {
    return textOf(this.#tokens);
  }

  #indexOf(id: string): number {
    const wanted = id.toLowerCase();
    return this.#tokens.findIndex(
      (token) => token.kind === 'start' && token.id?.toLowerCase() === wanted,
    );
  }

  #textUntil(start: number, name: string): string | undefined {
    const end = this.#tokens.findIndex(
      (token, index) =>
        index >= start &&
        token.kind !== 'text' &&
        (token.name === name || (token.kind === 'end' && outermost.has(token.name))),
    );
    return end < 0 ? undefined : textOf(this.#tokens.slice(start, end));
  }
}

const outermost: ReadonlySet<string> = new Set(['body', 'html']);

type Token =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'start';
      /** In lower case. */
      readonly name: string;
      readonly id: string | undefined;
      readonly href: string | undefined;
    }
  | { readonly kind: 'end'; readonly name: string };

/** Real pages are 2 to 20 kB with some 300 tags. */
const limits = { characters: 512 * 1024, tokens: 20_000 } as const;

/** IIS answers in UTF-8; a page saved as UTF-16 has a byte order mark. */
export function decodePage(body: Buffer): string {
  const bytes = body.subarray(0, limits.characters * 2);
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe
      ? 'utf-16le'
      : first === 0xfe && second === 0xff
        ? 'utf-16be'
        : 'utf-8';
  return new TextDecoder(encoding).decode(bytes).slice(0, limits.characters);
}

function tokensOf(page: string): Token[] {
  const tokens: Token[] = [];
  // Of the same length, unlike toLowerCase(): positions hold in both.
  const lower = page.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  for (let at = 0; at < page.length && tokens.length < limits.tokens;) {
    if (page[at] !== '<') {
      const end = found(page, '<', at);
      tokens.push({ kind: 'text', text: page.slice(at, end) });
      at = end;
    } else if (page.startsWith('<!--', at)) {
      at = found(page, '-->', at + 4) + 3;
    } else {
      const { token, end } = readTag(page, at);
      if (token !== undefined) tokens.push(token);
      at =
        token?.kind === 'start' && opaque.has(token.name)
          ? found(lower, `</${token.name}`, end)
          : end;
    }
  }
  return tokens;
}

const opaque: ReadonlySet<string> = new Set(['script', 'style', 'textarea', 'title']);

/** @param at of a `<`; one that begins no tag counts as text of one character */
function readTag(
  page: string,
  at: number,
): { readonly token: Token | undefined; readonly end: number } {
  const head = /<(\/?)([A-Za-z][A-Za-z0-9:]{0,31})/y;
  head.lastIndex = at;
  const opening = head.exec(page);
  if (opening === null) {
    const isDeclaration = page[at + 1] === '!' || page[at + 1] === '?';
    return isDeclaration
      ? { token: undefined, end: found(page, '>', at) + 1 }
      : { token: { kind: 'text', text: '<' }, end: at + 1 };
  }
  const [, slash, written = ''] = opening;
  const name = written.toLowerCase();
  const { attributes, end } = readAttributes(page, head.lastIndex);
  return {
    token:
      slash === '/'
        ? { kind: 'end', name }
        : { kind: 'start', name, id: attributes.get('id'), href: attributes.get('href') },
    end,
  };
}

/** The first value of an attribute counts, as in browsers. */
function readAttributes(
  page: string,
  start: number,
): { readonly attributes: ReadonlyMap<string, string>; readonly end: number } {
  const attributes = new Map<string, string>();
  let at = start;
  while (at < page.length && page[at] !== '>') {
    const attribute =
      /([^\s=>"'/]{1,64})\s{0,16}(?:=\s{0,16}(?:"([^"]*)"|'([^']*)'|([^\s>"']*)))?/y;
    attribute.lastIndex = at;
    const match = attribute.exec(page);
    if (match === null) {
      at += 1;
      continue;
    }
    const name = (match[1] ?? '').toLowerCase();
    const value = match[2] ?? match[3] ?? match[4];
    if (value !== undefined && !attributes.has(name)) attributes.set(name, unescape(value));
    at = attribute.lastIndex;
  }
  return { attributes, end: at + 1 };
}

function textOf(tokens: readonly Token[]): string {
  const texts = tokens.map((token) => (token.kind === 'text' ? token.text : ' '));
  return unescape(texts.join('')).replace(/\s+/g, ' ').trim();
}

function unescape(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-z]{2,4}));?/g,
    (whole, decimal, hex, name) => {
      if (typeof name === 'string') return named.get(name) ?? whole;
      const point =
        typeof decimal === 'string'
          ? Number.parseInt(decimal, 10)
          : Number.parseInt(String(hex), 16);
      return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : whole;
    },
  );
}

const named: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['nbsp', ' '],
]);

/** The end of the page where it is not found. */
function found(page: string, wanted: string, from: number): number {
  const at = page.indexOf(wanted, from);
  return at < 0 ? page.length : at;
}
