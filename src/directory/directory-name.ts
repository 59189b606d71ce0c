import type { DirectoryName, DirectoryOptions } from './directory.types.js';

/**
 * Only what is plainly a user of the domain: AD would also bind distinguished names, SIDs, display names
 * and canonical names (MS-ADTS 5.1.1.1.1), and each would be one more way round the lock-out.
 */
export function parseDirectoryName(
  typed: string,
  {
    domain,
    dnsDomain,
    upnSuffixes,
  }: Pick<DirectoryOptions, 'domain' | 'dnsDomain' | 'upnSuffixes'>,
): DirectoryName | undefined {
  const text = typed.normalize('NFC').trim().toLowerCase();
  const [, before = '', user = '', suffix = ''] =
    /^(?:([^\\@]*)\\)?([^\\@]+)(?:@([^\\@]+))?$/.exec(text) ?? [];
  if (!isAccountName(user) || (before !== '' && suffix !== '')) return undefined;
  if (suffix === '') {
    const known = [domain, dnsDomain].some((name) => name.toLowerCase() === before);
    if (before !== '' && !known) return undefined;
    return { bindName: `${domain}\\${user}`, user, userPrincipalName: undefined };
  }
  const suffixes = [domain, dnsDomain, ...upnSuffixes].map((name) => name.toLowerCase());
  if (!suffixes.includes(suffix)) return undefined;
  // `user@CORP` is a habit of MDMs; no user principal name ends so.
  if (suffix === domain.toLowerCase())
    return parseDirectoryName(user, { domain, dnsDomain, upnSuffixes });
  return { bindName: `${user}@${suffix}`, user, userPrincipalName: `${user}@${suffix}` };
}

/** MS-SAMR 3.1.1.6: no control characters and none of these; 64 is the longest a UPN's first part may be. */
function isAccountName(text: string): boolean {
  return /^[^"/\\[\]:;|=,+*?<>@\p{Cc}]{1,64}$/u.test(text);
}
