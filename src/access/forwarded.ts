import { parseAddressElement, trimBlanks, type AddressElement } from './address-element.js';

/** Longest line that is read: quoted text makes it a left-to-right affair. */
const longestLine = 8192;

/**
 * The hops of RFC 7239 `Forwarded`, the nearest first; only `for=` is read. A line that does not parse is
 * one refused hop, because a quote the sender left open could swallow what a proxy appended. Lines are
 * parsed one by one, the last first: what stands in a proxy's own line cannot be spoilt by the others.
 */
export function* forwardedHops(lines: readonly string[]): Generator<AddressElement> {
  for (const line of lines.toReversed()) {
    const hops = parseLine(line);
    if (hops === undefined) {
      yield { kind: 'refused', text: line, reason: 'is no Forwarded header (RFC 7239)' };
      return;
    }
    yield* hops.toReversed();
  }
}

function parseLine(line: string): AddressElement[] | undefined {
  if (line.length > longestLine) return undefined;
  const hops: AddressElement[] = [];
  let pairs: Pair[] = [];
  let rest = trimBlanks(line);
  for (;;) {
    const pair = pairPattern.exec(rest);
    if (pair?.groups) {
      pairs.push(pairOf(pair.groups));
      rest = rest.slice(pair[0].length);
    }
    const separator = /^[ \t]*([;,]|$)[ \t]*/.exec(rest);
    if (!separator) return undefined;
    if (separator[1] !== ';') {
      hops.push(hopOf(pairs));
      pairs = [];
    }
    if (separator[1] === '') return hops;
    rest = rest.slice(separator[0].length);
  }
}

interface Pair {
  readonly name: string;
  readonly value: string;
}

/** A bare value may hold colons and brackets, which RFC 7239 wants quoted and proxies leave bare. */
const pairPattern =
  /^(?<name>[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64})=(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<bare>[^\s",;=]*))/;

function pairOf(groups: Readonly<Record<string, string | undefined>>): Pair {
  const { name = '', quoted, bare = '' } = groups;
  return { name: name.toLowerCase(), value: quoted?.replace(/\\(.)/g, '$1') ?? bare };
}

function hopOf(pairs: readonly Pair[]): AddressElement {
  const named = pairs.filter(({ name }) => name === 'for');
  const [only] = named;
  if (only === undefined) {
    return { kind: 'refused', text: '', reason: 'is a hop without `for=`' };
  }
  if (named.length > 1) {
    return { kind: 'refused', text: only.value, reason: 'is one of several `for=` of one hop' };
  }
  return parseAddressElement(only.value);
}
