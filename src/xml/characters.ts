/** Characters and names of XML 1.0 (§2.2, §2.3) and of Namespaces in XML 1.0 (§3). */

/** Anything that no XML document may hold, however it is written. */
const forbidden = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

export function hasForbiddenCharacter(text: string): boolean {
  return forbidden.test(text);
}

/** First characters of a name, then what may follow besides; ranges of XML 1.0 §2.3. */
const nameStart = [
  'A-Z_a-z',
  '\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF',
  '\\u200C-\\u200D\\u2070-\\u218F\\u2C00-\\u2FEF\\u3001-\\uD7FF',
  '\\uF900-\\uFDCF\\uFDF0-\\uFFFD\\u{10000}-\\u{EFFFF}',
].join('');
const nameRest = ['\\u0300-\\u036F', nameStart, '0-9.\\-\\u00B7\\u203F-\\u2040'].join('');

const ncName = `[${nameStart}][${nameRest}]*`;

/** A fresh one for each reader: `lastIndex` is where it reads. Groups: prefix, local name. */
export function qualifiedNamePattern(): RegExp {
  return new RegExp(`(?:(${ncName}):)?(${ncName})`, 'uy');
}
