import { headerValues } from './header-values.js';

/** A marker that a trusted proxy must send; it never stands in for the peer. */
export interface RequiredHeader {
  readonly name: string;
  readonly value: string;
}

/** The first that is not there exactly once with exactly its value, in words; undefined when all are. */
export function missingMarker(
  required: readonly RequiredHeader[],
  rawHeaders: readonly string[],
): string | undefined {
  for (const { name, value } of required) {
    const values = headerValues(rawHeaders, name.toLowerCase());
    if (values.length !== 1 || values[0] !== value) {
      return `the required header ${name} ${fault(values)}`;
    }
  }
  return undefined;
}

function fault({ length }: readonly string[]): string {
  if (length === 0) return 'is missing';
  return length === 1 ? 'has another value' : `came ${length} times`;
}
