import { checkProfiles } from './account-checks.js';
import type { CheckedConfig } from './checked-config.js';
import { problemAt, quoted, type ConfigPath, type ConfigProblem } from './problem.js';
import type { ParsedConfig } from './schema.js';

type Directory = NonNullable<ParsedConfig['directory']>;

/** Directory accounts, Kerberos, and what refers to them. */
export function checkDirectory({ config, profileNames }: CheckedConfig): ConfigProblem[] {
  const { directory, access, accounts, listeners } = config;
  return [
    ...(directory
      ? [
          ...checkGroups(directory, profileNames),
          ...checkServers(directory),
          ...checkService(directory),
        ]
      : []),
    ...checkPrincipals(accounts, access.signIn.negotiate !== undefined),
    ...(access.signIn.negotiate?.channelBinding === 'required' && listeners.every(({ tls }) => !tls)
      ? [
          problemAt(
            ['access', 'signIn', 'negotiate', 'channelBinding'],
            'is required, which no listener can keep: none has TLS',
            'write `channelBinding: when-sent`, or give a listener `tls`',
          ),
        ]
      : []),
  ];
}

function checkGroups({ groups }: Directory, profileNames: readonly string[]): ConfigProblem[] {
  const names = groups.map(({ group }) => group.toLowerCase());
  return groups.flatMap(({ group, profiles }, index) => {
    const path: ConfigPath = ['directory', 'groups', index];
    const first = names.indexOf(group.toLowerCase());
    const repeated =
      first === index
        ? []
        : [
            problemAt(
              [...path, 'group'],
              `is ${quoted(group)}, as directory.groups[${first}]`,
              'write all rights of a group in one place',
            ),
          ];
    const unknown = checkProfiles([...path, 'profiles'], profiles ?? [], profileNames);
    return [...repeated, ...unknown];
  });
}

function checkServers({ servers }: Directory): ConfigProblem[] {
  return servers.flatMap((server, index) => {
    const path = ['directory', 'servers', index];
    const first = servers.indexOf(server);
    if (first < index) {
      return [problemAt(path, `is listed already in servers[${first}]`, 'remove one of them')];
    }
    if (!URL.canParse(server)) {
      return [problemAt(path, 'names no usable port', 'write a port from 1 to 65535, or none')];
    }
    return [];
  });
}

function checkService({ service, domain, dnsDomain, upnSuffixes }: Directory): ConfigProblem[] {
  if (service === undefined) return [];
  const known = [domain, dnsDomain, ...upnSuffixes].map((name) => name.toLowerCase());
  const [, before, after] = /^(?:([^\\@]+)\\)?[^\\@]+(?:@([^\\@]+))?$/.exec(service.account) ?? [];
  const named = (before ?? after)?.toLowerCase();
  if (named !== undefined && known.includes(named)) return [];
  return [
    problemAt(
      ['directory', 'service', 'account'],
      `is ${quoted(service.account)}, which is no name of this domain`,
      `write \`${domain}\\name\` or \`name@${dnsDomain}\``,
    ),
  ];
}

type Account = ParsedConfig['accounts'][number];

function checkPrincipals(accounts: readonly Account[], negotiate: boolean): ConfigProblem[] {
  const owners = accounts.flatMap(({ principals }, account) =>
    principals.map((principal, index) => ({
      path: ['accounts', account, 'principals', index],
      folded: principal.toLowerCase(),
    })),
  );
  return owners.flatMap(({ path, folded }, index) => {
    if (!negotiate) {
      return [
        problemAt(
          path,
          'is of no use: nobody can sign in with Kerberos',
          'add `access.signIn.negotiate`',
        ),
      ];
    }
    if (owners.findIndex((other) => other.folded === folded) === index) return [];
    return [problemAt(path, `is ${quoted(folded)}, which has an account`, 'remove one of them')];
  });
}
