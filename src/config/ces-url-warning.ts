import type { ConfigWarning } from './config-warning.js';
import type { AdcsCesConfig } from './issuer-schema.js';
import { keyText } from './problem.js';

/** Windows names each CES application by the one way to sign in that it has. */
const applications = [
  ['Kerberos', 'negotiate'],
  ['UsernamePassword', 'userNameToken'],
  ['Certificate', 'certificate'],
] as const;

/** An address that Windows would give for another way to sign in. */
export function cesUrlWarnings(
  name: string,
  { url, authentication }: AdcsCesConfig,
): ConfigWarning[] {
  const application = /_CES_([A-Za-z]+)\/service\.svc\b/i.exec(url)?.[1]?.toLowerCase();
  const meant = applications.find(([suffix]) => suffix.toLowerCase() === application);
  if (meant === undefined || authentication[meant[1]] !== undefined) return [];
  return [
    {
      key: keyText(['issuers', name, 'url']),
      warning: `an address with _CES_${meant[0]} takes \`authentication.${meant[1]}\`, which is not there`,
    },
  ];
}
