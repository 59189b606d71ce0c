import type { CheckedConfig } from './checked-config.js';
import { ndesNameMeanings, withNdesNames } from './ndes-names.js';
import { problemAt, quoted, type ConfigPath, type ConfigProblem } from './problem.js';
import type { ParsedConfig } from './schema.js';
import { mappingAt } from './raw-value.js';

type Challenges = ParsedConfig['profiles'][string]['challenges'];

export function checkChallenges({ config, raw }: CheckedConfig): ConfigProblem[] {
  return Object.entries(config.profiles).flatMap(([name, { challenges, ndes, issuer }]) => {
    const path = ['profiles', name];
    return [
      ...checkNdesNames(path, raw),
      ...(isRelayed(config, issuer)
        ? []
        : checkKinds([...path, 'challenges'], withNdesNames(challenges, ndes))),
      ...checkStaticNames([...path, 'challenges', 'static'], challenges.static),
    ];
  });
}

/** Its messages are for another server to judge. */
function isRelayed({ issuers }: ParsedConfig, name: string): boolean {
  const issuer = Object.hasOwn(issuers, name) ? issuers[name] : undefined;
  return issuer?.kind === 'ndes' && issuer.mode === 'relay';
}

/** The same setting under two names: which one counts would be a guess. */
function checkNdesNames(profile: ConfigPath, raw: unknown): ConfigProblem[] {
  const ndes = mappingAt(raw, [...profile, 'ndes']);
  const challenges = mappingAt(raw, [...profile, 'challenges']);
  return Object.entries(ndesNameMeanings)
    .filter(([name, key]) => Object.hasOwn(ndes, name) && Object.hasOwn(challenges, key))
    .map(([name, key]) =>
      problemAt(
        [...profile, 'ndes', name],
        `says the same as challenges.${key} of this profile`,
        'remove one of them',
      ),
    );
}

function checkKinds(path: ConfigPath, challenges: Challenges): ConfigProblem[] {
  const { dynamic, none, single, webhook } = challenges;
  const hasOwn = dynamic || single || challenges.static.length > 0;
  if (!hasOwn && none === undefined && webhook === undefined) {
    return [
      problemAt(
        path,
        'leaves no way to enroll: dynamic and single are false, and static is empty',
        'write `dynamic: true`, add an entry under static or a webhook, or, to let anyone enroll, write `none: anyone-may-enroll`',
      ),
    ];
  }
  if (challenges.jamfWebhook !== undefined && !dynamic) {
    return [
      problemAt(
        [...path, 'jamfWebhook'],
        'hands out one-time challenges, but dynamic is false',
        'write `dynamic: true`, or remove jamfWebhook',
      ),
    ];
  }
  if (single && none !== undefined) {
    return [
      problemAt(
        [...path, 'single'],
        'asks for one lasting password, but none lets anyone enroll without',
        'remove one of them',
      ),
    ];
  }
  return [];
}

function checkStaticNames(path: ConfigPath, entries: Challenges['static']): ConfigProblem[] {
  return entries.flatMap(({ name }, index) => {
    const first = entries.findIndex((other) => other.name.toLowerCase() === name.toLowerCase());
    if (first === index) return [];
    return [
      problemAt(
        [...path, index, 'name'],
        `is ${quoted(name)}, the name of static[${first}]`,
        'give each static challenge a name of its own',
      ),
    ];
  });
}
