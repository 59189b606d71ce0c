const special = /[\\,+"<>;=]|^[ #]| $/g;

/**
 * Everything invisible: controls, line and paragraph separators, and format characters, among them the
 * bidi controls that reorder what a reader sees. A name is hostile text that ends in logs and terminals.
 */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const loneSurrogate = /\p{Cs}/u;

/**
 * An attribute value as RFC 4514 §2.4 writes it, so that it reads back as the same value. `der` stands
 * in, as `#hex`, for a value that is no string or no well-formed one.
 */
export function escapeAttributeValue(value: string | undefined, der: Buffer): string {
  if (value === undefined || loneSurrogate.test(value)) return `#${der.toString('hex')}`;
  return value
    .replace(special, (character) => `\\${character}`)
    .replace(invisible, (character) => hexPairs(Buffer.from(character, 'utf8')));
}

export function hasInvisible(text: string): boolean {
  return text.search(invisible) >= 0 || loneSurrogate.test(text);
}

function hexPairs(octets: Buffer): string {
  return octets.toString('hex').replace(/../g, (pair) => `\\${pair}`);
}
