import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { configSchema, describeConfig } from '../../src/config/index.js';

type Schema = z.core.JSONSchema.JSONSchema;

/** Paths of keys that say nothing about themselves. */
function silentKeys(schema: z.core.JSONSchema._JSONSchema | undefined, path: string): string[] {
  if (typeof schema !== 'object' || schema.title === 'secret reference') return [];
  const inner: [string, z.core.JSONSchema._JSONSchema | undefined][] = [
    ...Object.entries(schema.properties ?? {}).map(([name, value]): [string, Schema | boolean] => [
      `${path}.${name}`,
      value,
    ]),
  ];
  const silent = inner.flatMap(([key, value]) =>
    typeof value === 'object' && !value.description ? [key] : [],
  );
  const items = Array.isArray(schema.items) ? undefined : schema.items;
  return [
    ...silent,
    ...inner.flatMap(([key, value]) => silentKeys(value, key)),
    ...silentKeys(items, `${path}[]`),
    ...silentKeys(schema.additionalProperties, `${path}.*`),
    ...[...(schema.oneOf ?? []), ...(schema.anyOf ?? [])].flatMap((option) =>
      silentKeys(option, path),
    ),
  ];
}

describe('docs/configuration.md', () => {
  test('is what the schema says (mend: node scripts/generate-configuration-doc.js after a build)', () => {
    expect(readFileSync('docs/configuration.md', 'utf8')).toBe(describeConfig());
  });

  test('every key says what it is for', () => {
    expect(silentKeys(z.toJSONSchema(configSchema, { io: 'input' }), '')).toEqual([]);
  });

  test('shows types, defaults, limits and required keys', () => {
    const page = describeConfig();
    for (const row of [
      '| `data.processes` | integer from 1 to 64 | `1` | Gateway processes that share the data directory; with records in SQLite one more is refused at its start. |',
      '| `data.directory` | text | `./data` | Where keys and records live; relative to the working directory. |',
      '| `issuers.<name>.kind` | `local`, `adcs-webenroll`, `adcs-rpc`, `adcs-ces` or `ndes` | **required** | `local` is the embedded CA. `adcs-webenroll` is AD CS by its Web Enrollment pages (certsrv). `adcs-rpc` is AD CS over RPC, as certreq speaks to it: no IIS is needed. `adcs-ces` is AD CS by its Certificate Enrollment Web Service (CES). `ndes` is an existing NDES, or any other SCEP server, behind the gateway. |',
      '| `profiles.<name>.paths` | list of text | `/scep/<name of the profile>` | URL paths of this profile, in any letter case; clients may add `/pkiclient.exe` or a final slash. |',
      '| `profiles.<name>.challenges.static[].secret` | [secret](#secrets) | **required** | The challenge that devices send. |',
      '| `log.level` | `error`, `warn`, `info` or `debug` | `info` | The least important lines that are written. |',
    ]) {
      expect(page).toContain(`${row}\n`);
    }
  });
});
