import type { PkiMessageExplanation } from '../../scep/index.js';

/** A signed attribute as text, by the name RFC 8894 gives it. */
export function attributeOf(
  { attributes }: PkiMessageExplanation,
  name: string,
): string | undefined {
  return attributes.find((attribute) => attribute.name === name)?.value;
}
