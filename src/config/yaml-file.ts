import {
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
} from 'yaml';
import { problemAt, type ConfigPath, type ConfigProblem, type FilePosition } from './problem.js';
import { isDeeperThan } from './yaml-depth.js';

export type YamlOutcome =
  | {
      readonly kind: 'read';
      readonly value: unknown;
      /** The line of a key; of the closest key around it where it is missing. */
      readonly locate: (path: ConfigPath) => FilePosition | undefined;
    }
  | { readonly kind: 'malformed'; readonly problems: readonly ConfigProblem[] };

/** No alias is needed to write a gateway.yaml; a few hundred resolved nodes are plenty. */
const maxAliasCount = 100;
const maxCharacters = 262_144;
const maxDepth = 50;

export function readYaml(text: string): YamlOutcome {
  if (text.length > maxCharacters) {
    return malformed('is larger than 256 KiB', 'name a gateway.yaml');
  }
  if (isDeeperThan(text, maxDepth)) {
    return malformed('is nested too deep', 'write a plain mapping of keys to values');
  }
  try {
    return readDocument(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : '';
    if (reason.startsWith('Excessive alias count')) {
      return malformed('uses aliases that unfold without bounds', 'write the values out');
    }
    if (reason.startsWith('Unresolved alias')) {
      return malformed(
        'uses an alias (`*name`) whose anchor (`&name`) is not set',
        'write the value out',
      );
    }
    return malformed('cannot be read as YAML', 'write a plain mapping of keys to values');
  }
}

function readDocument(text: string): YamlOutcome {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    logLevel: 'error',
  });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    return {
      kind: 'malformed',
      problems: faults.slice(0, 20).map(({ code, message, pos: [start] }) => ({
        ...problemAt([], `is not YAML: ${oneLine(message)}`, mends[code] ?? 'correct the line'),
        position: positionAt(lines, start),
      })),
    };
  }
  return {
    kind: 'read',
    value: document.toJS({ maxAliasCount }),
    locate: (path) => locate(document, lines, path),
  };
}

const mends: Partial<Record<string, string>> = {
  DUPLICATE_KEY: 'keep one of the two keys',
  MULTIPLE_DOCS: 'keep one document: remove the line `---`',
  TAB_AS_INDENT: 'indent with blanks',
  TAG_RESOLVE_FAILED: 'remove the tag that begins with `!`',
};

function malformed(problem: string, mend: string): YamlOutcome {
  return { kind: 'malformed', problems: [problemAt([], problem, mend)] };
}

function oneLine(message: string): string {
  return message.replace(/\s+/g, ' ').slice(0, 200);
}

function locate(
  document: Document.Parsed,
  lines: LineCounter,
  path: ConfigPath,
): FilePosition | undefined {
  let offset: number | undefined;
  let node: unknown = document.contents;
  for (const part of path) {
    const step = inside(isAlias(node) ? node.resolve(document) : node, part);
    if (step === undefined) break;
    offset = step.offset ?? offset;
    node = step.node;
  }
  return offset === undefined ? undefined : positionAt(lines, offset);
}

function inside(
  node: unknown,
  part: string | number,
): { readonly offset: number | undefined; readonly node: unknown } | undefined {
  if (isSeq(node) && typeof part === 'number') {
    const item = node.items[part];
    return item === undefined ? undefined : { offset: startOf(item), node: item };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === part);
  return isPair(pair) ? { offset: startOf(pair.key), node: pair.value } : undefined;
}

function startOf(item: unknown): number | undefined {
  return isNode(item) ? item.range?.[0] : undefined;
}

function positionAt(lines: LineCounter, offset: number): FilePosition {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}
