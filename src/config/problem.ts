/** What is wrong with a configuration, one value at a time. */

export type ConfigPath = readonly (string | number)[];

export interface ConfigProblem {
  /** Where: `profiles.default.policy.rsaBits.min`, `accounts[0].name`, or an environment variable. */
  readonly key: string;
  /** What is wrong with the value; completes "`<key>` …". Never holds a secret. */
  readonly problem: string;
  /** What to write instead. */
  readonly mend: string;
  readonly path: ConfigPath;
  /** Where in the file, counted from 1; absent for environment variables and missing files. */
  readonly position?: FilePosition | undefined;
}

export interface FilePosition {
  readonly line: number;
  readonly column: number;
}

export function problemAt(path: ConfigPath, problem: string, mend: string): ConfigProblem {
  return { key: keyText(path), problem, mend, path };
}

/** `profiles.default.paths[0]`; names that are not plain words are quoted and escaped. */
export function keyText(path: ConfigPath): string {
  if (path.length === 0) return '(the whole file)';
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      return `${index === 0 ? '' : '.'}${/^[\w$-]{1,64}$/.test(part) ? part : quoted(part)}`;
    })
    .join('');
}

/** A short, one-line, printable rendering of text that came from outside. */
export function quoted(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return JSON.stringify(short).replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export function sortProblems(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return [...problems].sort(
    (one, other) => comparePaths(one.path, other.path) || compareText(one.problem, other.problem),
  );
}

function comparePaths(one: ConfigPath, other: ConfigPath): number {
  const shared = Math.min(one.length, other.length);
  for (let index = 0; index < shared; index++) {
    const left = one[index];
    const right = other[index];
    const order =
      typeof left === 'number' && typeof right === 'number'
        ? left - right
        : compareText(String(left), String(right));
    if (order !== 0) return order;
  }
  return one.length - other.length;
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Readable text of many lines: key and place, what is wrong, what to write. */
export function problemsText(source: string, problems: readonly ConfigProblem[]): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  const shown = sortProblems(problems).slice(0, mostShown).map(problemText);
  const more = problems.length > mostShown ? [`  … and ${problems.length - mostShown} more`] : [];
  return [`${source}: ${count}`, ...shown, ...more].join('\n\n');
}

const mostShown = 100;

function problemText({ key, problem, mend, position }: ConfigProblem): string {
  const place = position ? ` (line ${position.line}, column ${position.column})` : '';
  return `  ${key}${place}\n    ${problem}\n    mend: ${mend}`;
}
