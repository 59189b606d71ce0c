import type { WebEnrollmentConfig } from './issuer-schema.js';
import { problemAt, type ConfigPath, type ConfigProblem } from './problem.js';

/** How the gateway signs in to a web server: settings that cannot stand together. */
export function signInProblems(
  path: ConfigPath,
  url: string,
  authentication: WebEnrollmentConfig['authentication'],
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
  return [...problems, ...(negotiate ? kerberosProblems([...path, 'negotiate'], negotiate) : [])];
}

export function kerberosProblems(
  path: ConfigPath,
  {
    keytab,
    principal,
    credentialCache,
  }: NonNullable<WebEnrollmentConfig['authentication']['negotiate']>,
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
