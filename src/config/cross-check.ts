import { checkAccess } from './access-checks.js';
import { checkAccounts } from './account-checks.js';
import { checkBacklog } from './backlog-checks.js';
import { checkCertificates } from './certificate-checks.js';
import { checkChallenges } from './challenge-checks.js';
import type { CheckedConfig } from './checked-config.js';
import { checkDirectory } from './directory-checks.js';
import { checkIssuers } from './issuer-checks.js';
import { checkListeners } from './listener-checks.js';
import { checkPaths } from './path-checks.js';
import { checkPolicies } from './policy-checks.js';
import { problemAt, type ConfigProblem } from './problem.js';
import { checkSignIn } from './sign-in-checks.js';
import { checkStore } from './store-checks.js';
import { checkTokens } from './token-checks.js';

/** Values that are each allowed but cannot stand together. */
export function crossProblems(checked: CheckedConfig): ConfigProblem[] {
  return [
    checkNames,
    checkListeners,
    checkStore,
    checkIssuers,
    checkPaths,
    checkChallenges,
    checkPolicies,
    checkAccounts,
    checkAccess,
    checkBacklog,
    checkCertificates,
    checkDirectory,
    checkSignIn,
    checkTokens,
  ].flatMap((check) => check(checked));
}

function checkNames({ config, issuerNames, profileNames }: CheckedConfig): ConfigProblem[] {
  const entries = [
    ...issuerNames.map((name) => ['issuers', name]),
    ...profileNames.map((name) => ['profiles', name]),
    ...Object.keys(config.tokens).map((name) => ['tokens', name]),
  ];
  return entries
    .filter(([, name = '']) => !/^[a-z][a-z0-9-]{0,31}$/.test(name))
    .map((path) =>
      problemAt(
        path,
        'is not a usable name',
        'write up to 32 lower-case letters, digits and hyphens, a letter first',
      ),
    );
}
