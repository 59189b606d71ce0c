import type { z } from 'zod';
import { assumed, withDefaultPaths } from './assumed.js';
import type { ConfigWarning } from './config-warning.js';
import { crossProblems } from './cross-check.js';
import { withNdesNames } from './ndes-names.js';
import { problemAt, sortProblems, type ConfigPath, type ConfigProblem } from './problem.js';
import { mappingAt, valueAt, without } from './raw-value.js';
import { issuePath, schemaProblems } from './schema-problems.js';
import { configSchema, type GatewayConfig, type ParsedConfig } from './schema.js';
import { asUpstreamAllows } from './upstream-profile.js';
import { unknownKeys } from './unknown-keys.js';
import { configWarnings } from './warnings.js';

export type CheckedOutcome =
  | {
      readonly kind: 'valid';
      readonly config: GatewayConfig;
      readonly warnings: readonly ConfigWarning[];
    }
  | { readonly kind: 'invalid'; readonly problems: readonly ConfigProblem[] };

/**
 * Judges a configuration as it came out of YAML or JSON; undefined and null are an empty one. Reports
 * everything that is wrong at once, sorted by key. Never throws, reads no file and no environment.
 */
export function checkConfig(raw: unknown): CheckedOutcome {
  const written = assumed(raw);
  const parsed = parse(written);
  // The schema refuses what it does not know; the search says what was meant.
  const unknown = parsed !== 'unreadable' && parsed.success ? [] : unknownKeys(written);
  if (parsed === 'unreadable') {
    return { kind: 'invalid', problems: sortProblems([...unknown, unreadable]) };
  }
  const refused = parsed.success ? [] : schemaProblems(parsed.error.issues, written);
  const { config, removed } = parsed.success
    ? { config: withDefaultPaths(parsed.data), removed: [] }
    : readableRest(written);
  const cross = config === undefined ? [] : crossOf(config, written, removed);
  const problems = [...unknown, ...refused, ...cross];
  if (problems.length > 0 || config === undefined) {
    return { kind: 'invalid', problems: sortProblems(problems) };
  }
  const normal = normalised(config);
  return { kind: 'valid', config: normal, warnings: configWarnings(normal) };
}

/**
 * zod measures before it looks at the type: a mapping with a key `length` where a text belongs is compared
 * with a number, which throws when that is something that cannot become one.
 */
function parse(value: unknown): ReturnType<typeof configSchema.safeParse> | 'unreadable' {
  try {
    return configSchema.safeParse(value);
  } catch {
    return 'unreadable';
  }
}

const unreadable = problemAt(
  [],
  'cannot be read: a mapping with the key `length` or `size` stands where a text, list or number belongs',
  'correct that value',
);

/**
 * What is left when everything the schema refuses is taken out, so that combinations can be checked in
 * the same run. Each round removes something; a few are enough because a required key takes its parent along.
 */
function readableRest(raw: unknown): {
  readonly config: ParsedConfig | undefined;
  readonly removed: readonly ConfigPath[];
} {
  const removed: ConfigPath[] = [];
  let rest = raw;
  for (let round = 0; round < 10; round++) {
    const parsed = parse(rest);
    if (parsed === 'unreadable') break;
    if (parsed.success) return { config: withDefaultPaths(parsed.data), removed };
    const refused = parsed.error.issues.flatMap((issue) => refusedPaths(issue, rest));
    rest = refused.reduce(without, rest);
    removed.push(...refused);
  }
  return { config: undefined, removed };
}

function refusedPaths(issue: z.core.$ZodIssue, raw: unknown): ConfigPath[] {
  const path = issuePath(issue);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => [...path, key]);
  return [valueAt(raw, path) === undefined ? path.slice(0, -1) : path];
}

/** Combinations with a value that was taken out would be judged by its default: not reported. */
function crossOf(
  config: ParsedConfig,
  raw: unknown,
  removed: readonly ConfigPath[],
): ConfigProblem[] {
  return crossProblems({
    config,
    raw,
    issuerNames: Object.keys(mappingAt(raw, ['issuers'])),
    profileNames: Object.keys(mappingAt(raw, ['profiles'])),
  }).filter(({ path }) => !removed.some((gone) => related(gone, path)));
}

function related(one: ConfigPath, other: ConfigPath): boolean {
  const shared = Math.min(one.length, other.length);
  return one.slice(0, shared).every((part, index) => part === other[index]);
}

/** Consumers see `challenges` only. */
function normalised(config: ParsedConfig): GatewayConfig {
  const profiles: GatewayConfig['profiles'] = {};
  for (const [name, { ndes, ...profile }] of Object.entries(config.profiles)) {
    const issuer = Object.hasOwn(config.issuers, profile.issuer)
      ? config.issuers[profile.issuer]
      : undefined;
    const challenges = withNdesNames(profile.challenges, ndes);
    profiles[name] = asUpstreamAllows({ ...profile, challenges }, issuer);
  }
  return { ...config, profiles };
}
