import { Parser, type CST } from 'yaml';

/**
 * Whether collections lie deeper in each other than `limit`. Judged on the syntax tree, which is built
 * without recursion: composing a document recurses, and a stack that ends inside a regular expression
 * ends the process.
 */
export function isDeeperThan(text: string, limit: number): boolean {
  for (const token of new Parser().parse(text)) {
    if (token.type === 'document' && token.value && isDeep(token.value, limit)) return true;
  }
  return false;
}

function isDeep(root: CST.Token, limit: number): boolean {
  let level: CST.Token[] = [root];
  for (let depth = 0; depth < limit; depth++) {
    level = level.flatMap(childrenOf);
    if (level.length === 0) return false;
  }
  return true;
}

function childrenOf(token: CST.Token): CST.Token[] {
  if (!('items' in token)) return [];
  return token.items.flatMap(({ key, value }) => [key, value].filter(isToken));
}

function isToken(token: CST.Token | null | undefined): token is CST.Token {
  return token !== null && token !== undefined;
}
