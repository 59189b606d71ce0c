import type { LogFields, LogValue } from './log.types.js';

export type PlainValue = string | number | boolean | null;

const longestText = 2048;

/**
 * Fields as a log line shows them: secrets replaced by name, octets by their count, errors by code and
 * message, long text cut (a device chooses its subject). The last resort: callers do not pass secrets.
 */
export function redactedFields(fields: LogFields): [string, PlainValue][] {
  return Object.entries(fields).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return [[name, isSensitive(name) ? '[redacted]' : plain(value)]];
  });
}

/** Words that make a field a secret wherever they stand in its name. */
const secretWords = /passw(?:or)?d|passphrase|challenge|secret|token|authorization|cookie/i;
/** … save where the name goes on to say that it is only about one. */
const aboutOne =
  /(?:id|ids|bits|kind|type|count|name|usage|algorithm|curve|store|size|length|state|url)$/i;

function isSensitive(name: string): boolean {
  const words = name.split(/(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+/);
  const last = words.findLast((word) => word !== '') ?? '';
  if (words.length > 1 && aboutOne.test(last) && aboutOne.exec(last)?.index === 0) return false;
  return secretWords.test(name) || words.some((word) => /^(?:key|keys|pin|otp)$/i.test(word));
}

function plain(value: Exclude<LogValue, undefined>): PlainValue {
  if (typeof value === 'string') return cut(value);
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'no date' : value.toISOString();
  if (value instanceof Error) return cut(errorText(value));
  if (value instanceof Uint8Array) return `${value.length} octets`;
  return value;
}

const mostCauses = 4;

/** An expected error by code, message and detail; any other with its stack, which is where to look. */
function errorText(error: Error, depth = 0): string {
  const text = error.name === 'GatewayError' ? expectedText(error) : (error.stack ?? String(error));
  if (!(error.cause instanceof Error) || depth === mostCauses) return text;
  return `${text} <- ${errorText(error.cause, depth + 1)}`;
}

function expectedText(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : '';
  const detail = 'detail' in error && typeof error.detail === 'string' ? ` (${error.detail})` : '';
  return `${error.name}${code}: ${error.message}${detail}`;
}

function cut(text: string): string {
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text;
}
