import type { z } from 'zod';
import { keyNodeAt, type KeyNode } from './key-tree.js';
import { nearest } from './nearest.js';
import { problemAt, quoted, type ConfigPath, type ConfigProblem } from './problem.js';
import { isMapping, valueAt } from './raw-value.js';

type Issue = z.core.$ZodIssue;

/** Where the schema refuses a value; unknown keys are found by `unknownKeys`. */
export function schemaProblems(issues: readonly Issue[], raw: unknown): ConfigProblem[] {
  const problems = issues.flatMap((issue) => problemsOf(issue, raw));
  return problems.filter(
    ({ key }, index) => problems.findIndex((other) => other.key === key) === index,
  );
}

export function issuePath(issue: Issue): ConfigPath {
  return issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
}

function problemsOf(issue: Issue, raw: unknown): ConfigProblem[] {
  if (issue.code === 'unrecognized_keys') return [];
  const path = secretAround(issuePath(issue));
  const node = keyNodeAt(path);
  const value = valueAt(raw, path);
  if (value === undefined) return [problemAt(path, 'is missing', `write ${kindOf(issue, node)}`)];
  if (value === null) {
    return [problemAt(path, 'has no value', `write ${kindOf(issue, node)}, or remove the key`)];
  }
  if (node?.secret) return secretProblems(path, value);
  return [problemAt(path, wrong(issue, value), mend(issue, value, node))];
}

function wrong(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return `is ${found(value)} where ${expected(issue)} is expected`;
    case 'too_small':
      return issue.origin === 'array'
        ? 'is an empty list'
        : issue.origin === 'string'
          ? 'is empty'
          : `is ${found(value)}, below the smallest value ${String(issue.minimum)}`;
    case 'too_big':
      return issue.origin === 'string'
        ? `is longer than ${String(issue.maximum)} characters`
        : `is ${found(value)}, above the largest value ${String(issue.maximum)}`;
    default:
      return issue.path.at(-1) === 'passwordHash'
        ? 'is not such a hash'
        : `is ${found(value)}, which is not allowed here`;
  }
}

function mend(issue: Issue, value: unknown, node: KeyNode | undefined): string {
  if (issue.code === 'invalid_value' && typeof value === 'string') {
    const meant = nearest(value, issue.values.map(String));
    if (meant !== undefined) return `did you mean ${quoted(meant)}?`;
  }
  if (issue.code === 'too_small' && issue.origin === 'array') return 'write at least one entry';
  if (issue.code === 'too_big' && issue.origin === 'string') return 'write less';
  return `write ${kindOf(issue, node)}`;
}

/** What to write: the format's own words where the schema has them, else the type of the key. */
function kindOf(issue: Issue, node: KeyNode | undefined): string {
  if (issue.code === 'invalid_format' || node === undefined) return issue.message;
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined) {
    return `\`${issue.discriminator}: local\``;
  }
  if (node.secret) return secretForms;
  if (node.kind === 'mapping') return `a mapping with the keys ${[...node.keys.keys()].join(', ')}`;
  return withArticle(node.type);
}

function withArticle(type: string): string {
  if (type === 'text' || type.startsWith('`')) return type;
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}

function expected(issue: z.core.$ZodIssueInvalidType): string {
  const names: Partial<Record<string, string>> = {
    object: 'a mapping',
    record: 'a mapping',
    array: 'a list',
    string: 'text',
    int: 'a whole number',
    number: 'a whole number',
    boolean: '`true` or `false`',
  };
  return names[issue.expected] ?? issue.expected;
}

/** Numbers and short words are shown, long text is cut; a mapping or a list is only named. */
function found(value: unknown): string {
  if (typeof value === 'string') return `the text ${quoted(value)}`;
  if (Array.isArray(value)) return 'a list';
  if (isMapping(value)) return 'a mapping';
  return typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : `a ${typeof value}`;
}

const secretForms = '{ file: path }, { env: NAME } or { credential: name }';

/** The reference that a path leads into; the path itself elsewhere. */
function secretAround(path: ConfigPath): ConfigPath {
  const length = path.findIndex((_, index) => keyNodeAt(path.slice(0, index + 1))?.secret);
  return length === -1 ? path : path.slice(0, length + 1);
}

/** Shows nothing of the value: it may be the secret itself. */
function secretProblems(path: ConfigPath, value: unknown): ConfigProblem[] {
  if (!isMapping(value)) {
    return [
      problemAt(
        path,
        'is a value where a reference to a secret is expected',
        `write ${secretForms}: secrets do not stand in this file`,
      ),
    ];
  }
  const sources = ['file', 'env', 'credential'].filter((name) => Object.hasOwn(value, name));
  const [source] = sources;
  if (source === undefined || sources.length > 1) {
    const count = sources.length === 0 ? 'names no source' : `names ${sources.join(' and ')}`;
    return [problemAt(path, count, `write one of ${secretForms}`)];
  }
  if (Object.keys(value).length > 1 && isName(value[source])) return [];
  return [
    problemAt([...path, source], 'is not a name that can be looked up', `write ${secretForms}`),
  ];
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value.length > 0;
}
