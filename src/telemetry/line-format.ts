import type { PlainValue } from './redaction.js';

/** One log line, before it is text. */
export interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly message: string;
  readonly correlationId: string | undefined;
  readonly fields: readonly (readonly [string, PlainValue])[];
}

/** One JSON object: `time`, `level`, `message`, `correlationId`, then the fields. */
export function jsonLine({ time, level, message, correlationId, fields }: LogLine): string {
  const own = { time, level, message, ...(correlationId !== undefined && { correlationId }) };
  const entries = fields.map(([name, value]) => [
    Object.hasOwn(own, name) ? `${name}_` : name,
    value,
  ]);
  return escapeUnprintable(JSON.stringify({ ...own, ...Object.fromEntries(entries) }));
}

/** `time LEVEL [correlation id] message name=value …` */
export function textLine({ time, level, message, correlationId, fields }: LogLine): string {
  const id = correlationId === undefined ? '' : ` [${escapeUnprintable(correlationId)}]`;
  const rest = fields.map(([name, value]) => ` ${word(name)}=${valueText(value)}`).join('');
  return `${time} ${level.toUpperCase().padEnd(5)}${id} ${escapeUnprintable(message)}${rest}`;
}

function valueText(value: PlainValue): string {
  return typeof value === 'string' ? word(value) : String(value);
}

/** Quoted unless it is one plain word, so that no value can pose as another field. */
function word(text: string): string {
  return /^[\w.:/@,+-]+$/.test(text) ? text : escapeUnprintable(JSON.stringify(text));
}

/**
 * What a device sends ends up in terminals: control characters (line breaks, escape sequences) and
 * characters that reorder text are written as `\uXXXX`, also where JSON would let them through.
 */
function escapeUnprintable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) =>
    Array.from({ length: character.length }, (_, index) => hex(character.charCodeAt(index))).join(
      '',
    ),
  );
}

function hex(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
