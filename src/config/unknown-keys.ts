import { configKeys, type KeyNode } from './key-tree.js';
import { nearest } from './nearest.js';
import { keyText, problemAt, quoted, type ConfigPath, type ConfigProblem } from './problem.js';
import { isMapping } from './raw-value.js';

/** Every key the schema does not know, with the one that was probably meant. */
export function unknownKeys(raw: unknown): ConfigProblem[] {
  return walk(raw, configKeys(), []);
}

/** Only as deep as the schema is, whatever the value holds. */
function walk(value: unknown, anyKind: KeyNode, path: ConfigPath): ConfigProblem[] {
  const node = variantOf(value, anyKind);
  if (node.kind === 'list' && node.each && Array.isArray(value)) {
    const { each } = node;
    return value.flatMap((item: unknown, index) => walk(item, each, [...path, index]));
  }
  if (!isMapping(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const known = node.kind === 'mapping' ? node.keys.get(name) : node.each;
    if (known) return walk(inner, known, [...path, name]);
    return node.kind === 'mapping' ? [unknownKey([...path, name], name, node)] : [];
  });
}

/** What the value says it is, where there are several kinds of it. */
function variantOf(value: unknown, node: KeyNode): KeyNode {
  const kind = isMapping(value) ? value['kind'] : undefined;
  return (typeof kind === 'string' ? node.variants.get(kind) : undefined) ?? node;
}

function unknownKey(path: ConfigPath, name: string, parent: KeyNode): ConfigProblem {
  const meant = nearest(name, parent.keys.keys());
  if (meant !== undefined) {
    return problemAt(path, 'is not a known key', `did you mean ${quoted(meant)}?`);
  }
  const home = whereItBelongs(name, configKeys(), []);
  if (home !== undefined) {
    return problemAt(path, 'is not a known key here', `it belongs at ${home}`);
  }
  const known = [...parent.keys.keys()].join(', ');
  return problemAt(path, 'is not a known key', `remove it; the keys here are: ${known}`);
}

/** The place of a key that stands at the wrong level. */
function whereItBelongs(name: string, node: KeyNode, path: ConfigPath): string | undefined {
  if (node.secret) return undefined;
  if (node.keys.has(name)) return placeText([...path, name]);
  for (const [key, inner] of node.keys) {
    const below = inner.each ?? inner;
    const step = inner.each ? (inner.kind === 'list' ? [key, 0] : [key, '*']) : [key];
    const home = whereItBelongs(name, below, [...path, ...step]);
    if (home !== undefined) return home;
  }
  return undefined;
}

function placeText(path: ConfigPath): string {
  return keyText(path.map((part) => (part === '*' ? 'NAME' : part)))
    .replaceAll('NAME', '<name>')
    .replaceAll('[0]', '[]');
}
