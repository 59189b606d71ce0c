import type { CheckedConfig } from './checked-config.js';
import { problemAt, quoted, type ConfigPath, type ConfigProblem } from './problem.js';
import type { ParsedConfig } from './schema.js';

type Account = ParsedConfig['accounts'][number];

export function checkAccounts({ config, profileNames }: CheckedConfig): ConfigProblem[] {
  const { accounts } = config;
  return accounts.flatMap((account, index) => {
    const path = ['accounts', index];
    return [
      ...checkName([...path, 'name'], account.name, accounts, index),
      ...checkPassword(path, account),
      ...checkProfiles([...path, 'profiles'], account.profiles ?? [], profileNames),
    ];
  });
}

function checkName(
  path: ConfigPath,
  name: string,
  accounts: readonly Account[],
  index: number,
): ConfigProblem[] {
  const folded = name.toLowerCase();
  if (/[\\@:\p{Cc}]/u.test(name)) {
    return [
      problemAt(
        path,
        `is ${quoted(name)}: sign-ins are compared without their domain`,
        'write the user name alone, without `\\`, `@` and `:`',
      ),
    ];
  }
  if (folded === 'admin') {
    return [
      problemAt(
        path,
        'is the name of the built-in administrator',
        'write another name; SCEP_GATEWAY_ADMIN_PASSWORD sets the password of admin',
      ),
    ];
  }
  const first = accounts.findIndex((other) => other.name.toLowerCase() === folded);
  if (first === index) return [];
  return [
    problemAt(
      path,
      `is ${quoted(name)}, the name of accounts[${first}]; case makes no difference`,
      'give each account a name of its own',
    ),
  ];
}

function checkPassword(
  path: ConfigPath,
  { password, passwordHash, certificates, principals }: Account,
): ConfigProblem[] {
  if (password !== undefined && passwordHash !== undefined) {
    return [problemAt(path, 'has both password and passwordHash', 'remove one of them')];
  }
  if (password !== undefined || passwordHash !== undefined) return [];
  if (certificates.length > 0 || principals.length > 0) return [];
  return [
    problemAt(
      path,
      'has no password',
      'add `passwordHash`, or `password` as { file: path }, { env: NAME } or { credential: name }',
    ),
  ];
}

export function checkProfiles(
  path: ConfigPath,
  profiles: readonly string[],
  known: readonly string[],
): ConfigProblem[] {
  return profiles.flatMap((name, index) => {
    if (known.includes(name)) return [];
    const names = known.map((other) => quoted(other)).join(', ');
    return [
      problemAt(
        [...path, index],
        `is ${quoted(name)}, which is not under profiles`,
        `write one of: ${names}`,
      ),
    ];
  });
}
