/**
 * Text that came from a device, for a terminal: control and invisible characters are written as \uXXXX, so
 * that a subject cannot move the cursor, colour the screen or turn the reading direction. Inside JSON the
 * same escapes stand for the same characters.
 *
 * @param keep characters that stay as they are, such as the line breaks of our own
 */
export function printable(text: string, keep = ''): string {
  return text.replace(unprintable, (character) =>
    keep.includes(character)
      ? character
      : Array.from({ length: character.length }, (_, index) => escaped(character, index)).join(''),
  );
}

/** Controls, format characters (bidi overrides, zero width), lone surrogates, line and paragraph separators. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

function escaped(character: string, index: number): string {
  return `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
}
