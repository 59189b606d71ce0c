import type { WebEnrollmentConfig } from '../config/index.js';

type Authentication = Pick<WebEnrollmentConfig['authentication'], 'negotiate' | 'ntlm' | 'basic'>;

/** As whom the server knows us, for the record; undefined where only the server can tell. */
export function accountIdentity({ negotiate, ntlm, basic }: Authentication): string | undefined {
  if (negotiate) return negotiate.principal ?? negotiate.credentialCache;
  if (ntlm) return ntlm.domain === '' ? ntlm.user : `${ntlm.domain}\\${ntlm.user}`;
  return basic?.user;
}
