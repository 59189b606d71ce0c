import type { ConfigPath } from './problem.js';

/** Looking into, and cutting pieces out of, a value that nothing is known about yet. */

export type RawMapping = Readonly<Record<string, unknown>>;

export function isMapping(value: unknown): value is RawMapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Undefined where nothing stands; inherited properties are not there. */
export function valueAt(raw: unknown, path: ConfigPath): unknown {
  let value = raw;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part))
      return undefined;
    value = Reflect.get(value, part);
  }
  return value;
}

export function mappingAt(raw: unknown, path: ConfigPath): RawMapping {
  const value = valueAt(raw, path);
  return isMapping(value) ? value : {};
}

/** A copy without what stands at `path`; an item takes its whole list along, to keep indexes true. */
export function without(raw: unknown, path: ConfigPath): unknown {
  const [name, ...rest] = typeof path.at(-1) === 'number' ? path.slice(0, -1) : path;
  if (name === undefined) return undefined;
  if (Array.isArray(raw)) {
    return raw.map((item: unknown, index) => (index === name ? without(item, rest) : item));
  }
  if (!isMapping(raw)) return raw;
  return Object.fromEntries(
    Object.entries(raw).flatMap(([key, value]) => {
      if (key !== name) return [[key, value]];
      return rest.length === 0 ? [] : [[key, without(value, rest)]];
    }),
  );
}
