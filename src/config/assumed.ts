import { isMapping } from './raw-value.js';
import type { ParsedConfig } from './schema.js';

/**
 * What a gateway without issuers or profiles is: the embedded CA `local`, and the profile `default` at
 * the paths of NDES and at short ones. Where several issuers stand and no profile, the choice is the
 * administrator's, so `default` then asks for `local` and the check says what is missing.
 */
export function assumed(raw: unknown): unknown {
  if (raw === undefined || raw === null) return assumed({});
  if (!isMapping(raw)) return raw;
  const issuers = isEmpty(raw['issuers']) ? { local: { kind: 'local' } } : raw['issuers'];
  const profiles = isEmpty(raw['profiles'])
    ? { default: { paths: [...defaultPaths], issuer: onlyName(issuers) } }
    : raw['profiles'];
  return { ...raw, issuers, profiles };
}

const defaultPaths = ['/scep', '/scep/default', '/certsrv/mscep/mscep.dll'] as const;

function isEmpty(value: unknown): boolean {
  return value === undefined || (isMapping(value) && Object.keys(value).length === 0);
}

function onlyName(issuers: unknown): string {
  const names = isMapping(issuers) ? Object.keys(issuers) : [];
  return names.length === 1 ? (names[0] ?? 'local') : 'local';
}

/** A profile that names no path is reached by its name. */
export function withDefaultPaths(config: ParsedConfig): ParsedConfig {
  const profiles: ParsedConfig['profiles'] = {};
  for (const [name, profile] of Object.entries(config.profiles)) {
    const paths = profile.paths.length === 0 ? [`/scep/${name}`] : profile.paths;
    profiles[name] = { ...profile, paths, challenges: withJamfPath(name, profile.challenges) };
  }
  return { ...config, profiles };
}

type Challenges = ParsedConfig['profiles'][string]['challenges'];

function withJamfPath(profile: string, challenges: Challenges): Challenges {
  const { jamfWebhook } = challenges;
  if (jamfWebhook === undefined) return challenges;
  const path = jamfWebhook.path ?? `/jamf/${profile}`;
  return { ...challenges, jamfWebhook: { ...jamfWebhook, path } };
}
