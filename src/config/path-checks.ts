import type { CheckedConfig } from './checked-config.js';
import { keyText, problemAt, quoted, type ConfigPath, type ConfigProblem } from './problem.js';
import { valueAt } from './raw-value.js';
import type { ParsedConfig } from './schema.js';

/** Paths the gateway itself answers; a device enrolling there would never reach its profile. */
const reserved = ['/api', '/certsrv/mscep_admin', '/crl', '/ca', '/healthz', '/metrics', '/readyz'];

export function checkPaths({ config, raw }: CheckedConfig): ConfigProblem[] {
  return [...emptyLists(config, raw), ...collisions(config)];
}

function emptyLists(config: ParsedConfig, raw: unknown): ConfigProblem[] {
  return Object.keys(config.profiles).flatMap((name) => {
    const path = ['profiles', name, 'paths'];
    const paths = valueAt(raw, path);
    if (!Array.isArray(paths) || paths.length > 0) return [];
    return [problemAt(path, 'is an empty list', `remove the key to get \`/scep/${name}\``)];
  });
}

function collisions(config: ParsedConfig): ConfigProblem[] {
  const taken = new Map<string, { readonly profile: string; readonly key: string }>();
  return Object.entries(config.profiles).flatMap(([profile, settings]) =>
    placesOf(profile, settings).flatMap(({ written, path }) => {
      const asked = comparablePath(written);
      const holder = reserved.find((own) => asked === own || asked.startsWith(`${own}/`));
      if (holder !== undefined) {
        return [
          problemAt(
            path,
            `is ${quoted(written)}, but the gateway itself answers ${holder}`,
            `write another path, such as \`/scep/${profile}\``,
          ),
        ];
      }
      const earlier = taken.get(asked);
      if (earlier === undefined) {
        taken.set(asked, { profile, key: keyText(path) });
        return [];
      }
      return [
        earlier.profile === profile
          ? problemAt(path, `is the same path as ${earlier.key}`, 'remove one of them')
          : problemAt(
              path,
              `is ${quoted(written)}, which already leads to profile ${quoted(earlier.profile)} (${earlier.key})`,
              'give each profile paths of its own',
            ),
      ];
    }),
  );
}

interface Place {
  readonly written: string;
  readonly path: ConfigPath;
}

function placesOf(profile: string, settings: ParsedConfig['profiles'][string]): Place[] {
  const { paths, challenges } = settings;
  const webhook = challenges.jamfWebhook?.path;
  return [
    ...paths.map((written, index) => ({ written, path: ['profiles', profile, 'paths', index] })),
    ...(webhook === undefined
      ? []
      : [
          {
            written: webhook,
            path: ['profiles', profile, 'challenges', 'jamfWebhook', 'path'],
          },
        ]),
  ];
}

/** Requests are matched without regard to case, a final slash or `/pkiclient.exe`. */
function comparablePath(path: string): string {
  const plain = path
    .toLowerCase()
    .replace(/\/$/, '')
    .replace(/\/pkiclient\.exe$/, '');
  return plain === '' ? '/' : plain;
}
