/** JSON and plain XML as one thing: the texts in a document and where they stand. */

export interface DocumentLeaf {
  /** Names from the root down, in lower case; members of a list have that of the list. */
  readonly path: readonly string[];
  readonly text: string;
}

const deepest = 16;
const mostLeaves = 1000;

/** Whatever its Content-Type says; an empty body has no leaves. Undefined when it is neither. */
export function documentLeaves(body: Buffer): readonly DocumentLeaf[] | undefined {
  const text = body
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trim();
  if (text === '') return [];
  return text.startsWith('<') ? xmlLeaves(text) : jsonLeaves(text);
}

function jsonLeaves(text: string): readonly DocumentLeaf[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const leaves: DocumentLeaf[] = [];
  collect(value, [], leaves, 0);
  return leaves;
}

/** @param depth lists counted too, which have no name in the path */
function collect(
  value: unknown,
  path: readonly string[],
  leaves: DocumentLeaf[],
  depth: number,
): void {
  if (leaves.length >= mostLeaves || depth > deepest) return;
  if (typeof value === 'string' || typeof value === 'number') {
    leaves.push({ path, text: String(value) });
  } else if (Array.isArray(value)) {
    for (const item of value) collect(item, path, leaves, depth + 1);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) {
      collect(inner, [...path, name.toLowerCase()], leaves, depth + 1);
    }
  }
}

/** One tag, or the text up to the next. */
const token = /<(\/?)([A-Za-z_][\w.:-]*)[^<>]*>|([^<]+)/gy;

/**
 * Elements and text. Declarations, comments and CDATA (`<!`) are not understood: what entities and
 * external subsets can do to a parser has no place at a door.
 */
function xmlLeaves(text: string): readonly DocumentLeaf[] | undefined {
  const source = text.replace(/^<\?xml[^<>]{0,200}\?>/, '');
  const leaves: DocumentLeaf[] = [];
  const path: string[] = [];
  let end = 0;
  for (const match of source.matchAll(token)) {
    end = match.index + match[0].length;
    const [whole, slash, name, content] = match;
    if (content !== undefined) {
      const value = content.trim();
      if (value === '') continue;
      if (path.length === 0 || leaves.length >= mostLeaves) return undefined;
      leaves.push({ path: [...path], text: decodeEntities(value) });
    } else if (slash === '/') {
      if (path.pop() !== name?.toLowerCase()) return undefined;
    } else if (!whole.endsWith('/>')) {
      path.push((name ?? '').toLowerCase());
      if (path.length > deepest) return undefined;
    }
  }
  return end === source.length && path.length === 0 ? leaves : undefined;
}

const entities: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

function decodeEntities(text: string): string {
  return text.replace(/&([a-z]{2,4});/g, (whole, name: string) => entities.get(name) ?? whole);
}
