/**
 * Values of every line of one header field, in order. From the raw lines, because node keeps the first of
 * some repeated fields, joins others, and a repetition is just what must not be overlooked.
 *
 * @param name in lower case
 */
export function headerValues(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === name) values.push(rawHeaders[index + 1] ?? '');
  }
  return values;
}
