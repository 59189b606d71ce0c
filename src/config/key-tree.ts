import { z } from 'zod';
import type { ConfigPath } from './problem.js';
import { configSchema } from './schema.js';

/**
 * The keys a configuration may have, read off the schema: for the generated documentation, for the
 * search for unknown keys, and for what to write instead of a wrong value.
 */
export interface KeyNode {
  readonly description: string | undefined;
  /** For people: `integer from 1 to 64`, `list of text`. */
  readonly type: string;
  /** Undefined where there is none. */
  readonly default: unknown;
  /** In words, where the default is no fixed value. */
  readonly defaultText: string | undefined;
  readonly required: boolean;
  readonly kind: 'mapping' | 'record' | 'list' | 'value';
  /** Keys of a mapping; of all its variants, where it has several. */
  readonly keys: ReadonlyMap<string, KeyNode>;
  /** By their `kind`, where a mapping comes in several. */
  readonly variants: ReadonlyMap<string, KeyNode>;
  /** Values of a record, items of a list. */
  readonly each: KeyNode | undefined;
  /** True for references to secrets and for what holds one: its value is never shown. */
  readonly secret: boolean;
}

type Schema = z.core.JSONSchema.JSONSchema;

function keyNode(schema: Schema, required: boolean): KeyNode {
  const alternatives = schema.oneOf ?? schema.anyOf ?? [];
  const objects = alternatives.map(asObject).filter((option) => option.type === 'object');
  const each = eachSchema(schema);
  const keys = mappingKeys(objects.length > 0 ? objects : [schema]);
  return {
    description: schema.description,
    type: typeText(schema),
    default: schema.default,
    defaultText: typeof schema['defaultText'] === 'string' ? schema['defaultText'] : undefined,
    required,
    kind: keys.size > 0 ? 'mapping' : schema.type === 'array' ? 'list' : each ? 'record' : 'value',
    keys,
    variants: variantsOf(objects),
    each: each && keyNode(each, false),
    secret: schema.title === 'secret reference',
  };
}

function variantsOf(objects: readonly Schema[]): Map<string, KeyNode> {
  const variants = objects.flatMap((schema): [string, KeyNode][] => {
    const kind = asObject(schema.properties?.['kind'] ?? false).const;
    return typeof kind === 'string' ? [[kind, keyNode(schema, false)]] : [];
  });
  return new Map(variants);
}

/** Keys of one mapping, or of all alternatives that a mapping has; what tells them apart is told of each. */
function mappingKeys(schemas: readonly Schema[]): Map<string, KeyNode> {
  const found = new Map<string, { schema: Schema; required: boolean }>();
  for (const { properties = {}, required = [] } of schemas) {
    for (const [name, property] of Object.entries(properties)) {
      const [schema, before] = [asObject(property), found.get(name)];
      found.set(name, {
        schema: before ? merged(before.schema, schema) : schema,
        required: required.includes(name),
      });
    }
  }
  return new Map(
    [...found].map(([name, { schema, required }]) => [name, keyNode(schema, required)]),
  );
}

/** `kind` of the one or the other; mappings with the keys of both; of keys that are alike the first. */
function merged(one: Schema, other: Schema): Schema {
  if (one.properties && other.properties) {
    return {
      ...one,
      properties: { ...one.properties, ...otherKeys(one.properties, other.properties) },
      required: [...(one.required ?? []), ...(other.required ?? [])],
    };
  }
  if (other.const === undefined || (one.const === undefined && one.enum === undefined)) return one;
  return {
    description: [one.description, other.description].join(' '),
    enum: [...(one.enum ?? (one.const === undefined ? [] : [one.const])), other.const],
  };
}

type Properties = NonNullable<Schema['properties']>;

function otherKeys(one: Properties, other: Properties): Properties {
  return Object.fromEntries(Object.entries(other).filter(([name]) => !Object.hasOwn(one, name)));
}

function eachSchema({ type, items, additionalProperties }: Schema): Schema | undefined {
  if (type === 'array' && items !== undefined && !Array.isArray(items)) return asObject(items);
  if (typeof additionalProperties === 'object') return additionalProperties;
  return undefined;
}

function typeText(schema: Schema): string {
  if (schema.title !== undefined) return schema.title;
  if (schema.enum !== undefined) return oneOf(schema.enum);
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  const each = eachSchema(schema);
  if (schema.type === 'array' && each) return listText(each);
  if (each) return 'mapping of name to entry';
  if (schema.type === 'object' || schema.oneOf) return 'mapping';
  if (schema.type === 'integer') {
    const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = schema;
    return maximum === Number.MAX_SAFE_INTEGER
      ? `integer from ${minimum}`
      : `integer from ${minimum} to ${maximum}`;
  }
  if (schema.type === 'boolean') return '`true` or `false`';
  if (schema.format === 'uri') return 'URL';
  if (schema.format === 'date-time') return 'time';
  return 'text';
}

function listText(item: Schema): string {
  return item.type === 'object' ? 'list of mappings' : `list of ${typeText(item)}`;
}

function oneOf(values: readonly unknown[]): string {
  const texts = values.map((value) => `\`${String(value)}\``);
  return texts.length === 1
    ? texts.join()
    : `${texts.slice(0, -1).join(', ')} or ${texts.at(-1) ?? ''}`;
}

function asObject(schema: z.core.JSONSchema._JSONSchema): Schema {
  return typeof schema === 'boolean' ? {} : schema;
}

/** Read off when somebody first asks, and once: to start with a configuration that is right takes none of it. */
export const configKeys = once(() => keyNode(z.toJSONSchema(configSchema, { io: 'input' }), false));

function once(read: () => KeyNode): () => KeyNode {
  let tree: KeyNode | undefined;
  return () => (tree ??= read());
}

/** The node a path leads to; undefined where the schema knows no such key. */
export function keyNodeAt(path: ConfigPath): KeyNode | undefined {
  let node: KeyNode | undefined = configKeys();
  for (const part of path) {
    if (node === undefined) return undefined;
    node = typeof part === 'string' ? (node.keys.get(part) ?? node.each) : node.each;
  }
  return node;
}
