import type { CheckedConfig } from './checked-config.js';
import { checkFileSet } from './file-set-check.js';
import type { AdcsCesConfig, AdcsRpcConfig, WebEnrollmentConfig } from './issuer-schema.js';
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
    ...checkUrl([...path, 'url'], issuer.url, 'the folder, ending in /certsrv/'),
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

export function checkAdcsCes(
  path: ConfigPath,
  issuer: AdcsCesConfig,
  { raw }: CheckedConfig,
): ConfigProblem[] {
  const { negotiate, certificate } = issuer.authentication;
  const at = [...path, 'authentication'];
  return [
    ...checkUrl([...path, 'url'], issuer.url, 'the service, ending in /service.svc/CES'),
    ...(Object.keys(issuer.authentication).length === 1
      ? []
      : [
          problemAt(
            at,
            'names not exactly one way to sign in, and each URL of CES is for one',
            'write one of `userNameToken`, `negotiate` and `certificate`',
          ),
        ]),
    ...(negotiate ? kerberosProblems([...at, 'negotiate'], negotiate) : []),
    ...(certificate ? checkFileSet([...at, 'certificate'], certificate) : []),
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

/** @param what `mend` says to write the address of */
function checkUrl(path: ConfigPath, text: string, what: string): ConfigProblem[] {
  const { username, password, search, hash } = new URL(text);
  if (username !== '' || password !== '') {
    return [
      problemAt(path, 'holds a user name or password', 'write the account under `authentication`'),
    ];
  }
  if (search === '' && hash === '') return [];
  return [problemAt(path, 'has a query', `write the address of ${what}`)];
}
