import type { CheckedConfig } from './checked-config.js';
import type { AdcsRpcConfig, WebEnrollmentConfig } from './issuer-schema.js';
import { problemAt, type ConfigPath, type ConfigProblem } from './problem.js';
import { valueAt } from './raw-value.js';

/** Settings of an AD CS issuer that cannot stand together. */
export function checkWebEnrollment(
  path: ConfigPath,
  issuer: WebEnrollmentConfig,
  { raw }: CheckedConfig,
): ConfigProblem[] {
  return [
    ...checkUrl([...path, 'url'], issuer.url),
    ...checkAuthentication([...path, 'authentication'], issuer),
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
    ...(negotiate ? checkKerberos([...path, 'authentication', 'negotiate'], negotiate) : []),
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

function checkAuthentication(
  path: ConfigPath,
  { url, authentication }: WebEnrollmentConfig,
): ConfigProblem[] {
  const { negotiate, basic, certificate } = authentication;
  const isPlain = url.startsWith('http:');
  const problems: ConfigProblem[] = [];
  if (Object.keys(authentication).length === 0) {
    problems.push(
      problemAt(
        path,
        'names no way to sign in',
        'write one or more of `negotiate`, `ntlm`, `basic` and `certificate`',
      ),
    );
  }
  if (isPlain && basic) {
    problems.push(
      problemAt(
        [...path, 'basic'],
        'would send the password over plain HTTP',
        'write an https URL, or use `negotiate` or `ntlm`',
      ),
    );
  }
  if (isPlain && certificate) {
    problems.push(
      problemAt([...path, 'certificate'], 'needs TLS', 'write an https URL for the issuer'),
    );
  }
  return [...problems, ...(negotiate ? checkKerberos([...path, 'negotiate'], negotiate) : [])];
}

interface KerberosAccount {
  readonly keytab?: string | undefined;
  readonly principal?: string | undefined;
  readonly credentialCache?: string | undefined;
}

function checkKerberos(
  path: ConfigPath,
  { keytab, principal, credentialCache }: KerberosAccount,
): ConfigProblem[] {
  if ((keytab === undefined) === (credentialCache === undefined)) {
    return [
      problemAt(
        path,
        'needs either a keytab or a credential cache',
        'write `keytab` and `principal`, or `credentialCache`',
      ),
    ];
  }
  if (keytab === undefined || principal !== undefined) return [];
  return [
    problemAt(
      [...path, 'principal'],
      'is missing',
      'write the principal of the account in the keytab, such as `svc-scep@CORP.EXAMPLE`',
    ),
  ];
}
