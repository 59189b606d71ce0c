export interface PatternFault {
  readonly problem: string;
  readonly mend: string;
}

/**
 * Devices choose the text that a pattern is matched against, so a pattern that backtracks without
 * bounds would let one request hold up the gateway. Found here are the two common kinds: back-references, and a
 * repeated group that is itself one repetition, `(a+)*`. Patterns match the whole text, with flag `u`.
 */
export function patternFault(pattern: string): PatternFault | undefined {
  try {
    new RegExp(pattern, 'u');
    new RegExp(`^(?:${pattern})$`, 'u');
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^.*\/u?: /s, '') : 'unreadable';
    return {
      problem: `is not a regular expression: ${reason}`,
      mend: 'write one that JavaScript understands with flag u; it must match the whole text',
    };
  }
  const pieces = piecesOf(pattern);
  if (pieces.includes('back-reference')) {
    return {
      problem: 'uses a back-reference',
      mend: 'write it without: it can take very long on text that a device chooses',
    };
  }
  if (hasNestedRepetition(pieces)) {
    return {
      problem: 'repeats a group that is itself one repetition, such as (a+)*',
      mend: 'repeat once, or separate the repetitions by a fixed character such as a comma',
    };
  }
  return undefined;
}

type Piece =
  'open' | 'close' | 'or' | 'repeat' | 'optional' | 'exactly' | 'atom' | 'back-reference';

/** The pieces of an expression that is known to be valid. */
function piecesOf(pattern: string): Piece[] {
  const texts =
    /\\k<[^>]*>|\\[pP]\{[^}]*\}|\\u\{[^}]*\}|\\.|\[(?:\\.|[^\]\\])*\]|\(\?(?:<?[=!]|<[^>]*>|[a-z-]*:)|[*+]\??|\{\d+(?:,\d*)?\}\??|[\s\S]/gu;
  return [...pattern.matchAll(texts)].map(([text]) => pieceOf(text));
}

function pieceOf(text: string): Piece {
  if (/^\\(?:k<|[1-9])/.test(text)) return 'back-reference';
  if (text.startsWith('(')) return 'open';
  if (text === ')') return 'close';
  if (text === '|') return 'or';
  if (text === '?' || /^\{0,1\}/.test(text)) return 'optional';
  if (/^\{\d+\}/.test(text)) return 'exactly';
  return /^[*+{]/.test(text) ? 'repeat' : 'atom';
}

/** What stands one after the other in an alternative: it must match, may be left out, or repeats. */
type Extent = 'fixed' | 'optional' | 'repeated';

function hasNestedRepetition(pieces: readonly Piece[]): boolean {
  const open: Extent[][][] = [[[]]];
  for (const piece of pieces) {
    const group = open.at(-1);
    const branch = group?.at(-1);
    if (group === undefined || branch === undefined) return false;
    const last = branch.at(-1);
    if (piece === 'open') open.push([[]]);
    else if (piece === 'or') group.push([]);
    else if (piece === 'close') {
      open.pop();
      open.at(-1)?.at(-1)?.push(extentOf(group));
    } else if (piece === 'repeat') {
      if (last === 'repeated') return true;
      branch.splice(-1, 1, 'repeated');
    } else if (piece === 'optional') {
      if (last === 'fixed') branch.splice(-1, 1, 'optional');
    } else if (piece !== 'exactly') branch.push('fixed');
  }
  return false;
}

/** A group is a repetition where one of its alternatives has nothing fixed beside what it repeats. */
function extentOf(group: readonly Extent[][]): Extent {
  const loose = group.filter((branch) => !branch.includes('fixed'));
  if (loose.some((branch) => branch.includes('repeated'))) return 'repeated';
  return loose.length > 0 ? 'optional' : 'fixed';
}
