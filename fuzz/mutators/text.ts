/** Changes of text by its tokens: words, blanks, punctuation; or tags and what stands between them. */
import type { Mutator } from '../target.js';
import type { Random } from '../random.js';
import { changeOctets } from './octets.js';

const words = /[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu;
const tags = /<[^<>]*>?|[^<]+/g;

/** @param dictionary what is put in: the words of the grammar */
export function textMutator(dictionary: readonly string[]): Mutator {
  return mutator((text) => text.match(words) ?? [], [...dictionary, ...odd]);
}

/** For HTML and XML: whole tags at one time, words within them at another. */
export function markupMutator(dictionary: readonly string[]): Mutator {
  const all = [...dictionary, ...odd, ...oddMarkup];
  const byWord = mutator((text) => text.match(words) ?? [], all);
  const byTag = mutator((text) => text.match(tags) ?? [], all);
  return (random, input, other) => (random.oneIn(2) ? byWord : byTag)(random, input, other);
}

const odd = [
  ...['', ' ', '\t', '\r\n', '\n', '\0', ',', ';', ':', '=', '"', '\\', '"\\', '%', '%00', '%zz'],
  ...['%25', '+', '-1', '0', '65536', '4294967296', '99999999999999999999', '1e999', '\u00e9'],
  ...['\ud800', '\ufeff', '\u202e', '\u0130', '\u212a', '__proto__', 'constructor', 'toString'],
  ...['a'.repeat(300), ','.repeat(300), '"'.repeat(99), '('.repeat(99), ' '.repeat(999)],
];

const oddMarkup = [
  ...['<', '>', '</', '/>', '<!--', '-->', '<![CDATA[', ']]>', '<?xml version="1.0"?>', '&#0;'],
  ...['<!DOCTYPE a [<!ENTITY b "c">]>', '&b;', '&amp;', '&#x110000;', '&#xD800;', '<a xmlns="u">'],
  ...["<a b='c'>", '<script>', '</script>', 'xml:space="preserve"', '<a:b xmlns:a="u">'],
];

type Split = (text: string) => readonly string[];

function mutator(split: Split, dictionary: readonly string[]): Mutator {
  return (random, input, other) => {
    if (random.oneIn(8)) return changeOctets(random, input, other);
    const tokens = [...split(input.toString('utf8'))];
    const foreign = split(other.toString('utf8'));
    for (let changes = 1 + random.below(4); changes > 0; changes--) {
      change(random, tokens, foreign, dictionary);
    }
    return Buffer.from(tokens.join(''), 'utf8');
  };
}

function change(
  random: Random,
  tokens: string[],
  foreign: readonly string[],
  dictionary: readonly string[],
): void {
  const at = random.below(tokens.length + 1);
  const here = tokens[at] ?? '';
  switch (random.below(10)) {
    case 0:
      tokens.splice(at, 1);
      break;
    case 1:
      tokens.splice(at, 0, here);
      break;
    case 2:
      tokens.splice(at, 1, random.pick(dictionary));
      break;
    case 3:
      tokens.splice(at, 0, random.pick(dictionary));
      break;
    case 4: {
      const there = random.below(tokens.length + 1);
      const from = random.below(foreign.length + 1);
      tokens.splice(there, 0, ...foreign.slice(from, from + 1 + random.below(6)));
      break;
    }
    case 5: {
      const there = random.below(tokens.length + 1);
      tokens[at] = tokens[there] ?? '';
      tokens[there] = here;
      break;
    }
    case 6:
      tokens[at] = random.oneIn(2) ? here.toUpperCase() : here.toLowerCase();
      break;
    case 7:
      tokens.length = at;
      break;
    case 8:
      tokens.splice(at, random.below(6));
      break;
    default:
      repeat(random, tokens, at);
  }
}

/** Much of the same, where a reader that looks back at each step would show. */
function repeat(random: Random, tokens: string[], at: number): void {
  const some = tokens.slice(at, at + 1 + random.below(4)).join('');
  const times = random.oneIn(20) ? 4000 : 1 + random.below(60);
  tokens.splice(at, 0, some.repeat(Math.min(times, Math.floor(16_384 / (some.length + 1)))));
}
