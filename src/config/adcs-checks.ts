import type { CheckedConfig } from './checked-config.js';
import type { AdcsRpcConfig, WebEnrollmentConfig } from './issuer-schema.js';
import { problemAt, type ConfigPath, type ConfigProblem } from './problem.js';
import { valueAt } from './raw-value.js';
import { kerberosProblems, signInProblems } from './web-sign-in-checks.js';

/** Settings of an AD CS issuer that cannot stand together. */
export function checkWebEnrollment(
  path: ConfigPath,
  issuer: WebEnrollmentConfig,
  { raw }: CheckedConfig,
): ConfigProblem[] {
  return [
    ...checkUrl([...path, 'url'], issuer.url),
    ...signInProblems([...path, 'authentication'], issuer.url, issuer.authentication),
    ...checkTemplates(path, issuer, raw),
  ];
}

export function checkAdcsRpc(
  path: ConfigPath,
  issuer: AdcsRpcConfig,
  { raw }: CheckedConfig,
): ConfigProblem[] {
  const { negotiate, ntlm } = issuer.authentication;
  return [
    ...(negotiate || ntlm
      ? []
      : [
          problemAt(
            [...path, 'authentication'],
            'names no way to sign in',
            'write one or both of `negotiate` and `ntlm`',
          ),
        ]),
    ...(negotiate ? kerberosProblems([...path, 'authentication', 'negotiate'], negotiate) : []),
    ...checkTemplates(path, issuer, raw),
  ];
}

function checkTemplates(
  path: ConfigPath,
  { template }: { readonly template?: string | undefined },
  raw: CheckedConfig['raw'],
): ConfigProblem[] {
  if (template === undefined || valueAt(raw, [...path, 'templates']) === undefined) return [];
  return [
    problemAt(
      [...path, 'template'],
      'stands beside `templates`',
      'write one of the two: `template` for every request, `templates` by key usage',
    ),
  ];
}

function checkUrl(path: ConfigPath, text: string): ConfigProblem[] {
  const { username, password, search, hash } = new URL(text);
  if (username !== '' || password !== '') {
    return [
      problemAt(path, 'holds a user name or password', 'write the account under `authentication`'),
    ];
  }
  if (search === '' && hash === '') return [];
  return [problemAt(path, 'has a query', 'write the address of the folder, ending in /certsrv/')];
}
