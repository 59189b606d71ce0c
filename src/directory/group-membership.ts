import type { Client } from 'ldapts';
import { GatewayError } from '../errors/index.js';

/** LDAP_MATCHING_RULE_IN_CHAIN (MS-ADTS 3.1.1.3.4.4.3): through groups in groups. */
const inChain = '1.2.840.113556.1.4.1941';

/** Whether the account is in the group, directly or through others. Its primary group is not seen (MS-ADTS memberOf). */
export async function isMember(
  client: Client,
  accountDn: string,
  groupDn: string,
): Promise<boolean> {
  const { ExtensibleFilter } = await import('ldapts');
  const { searchEntries } = await client.search(accountDn, {
    scope: 'base',
    filter: new ExtensibleFilter({ matchType: 'memberOf', rule: inChain, value: groupDn }),
    attributes: ['1.1'],
  });
  return searchEntries.length === 1;
}

/**
 * @param group a distinguished name, or the name of a group below `baseDn`
 * @returns undefined when there is no such group, or the account may not see it
 */
export async function groupDn(
  client: Client,
  baseDn: string,
  group: string,
): Promise<string | undefined> {
  if (group.includes('=')) return group;
  const { AndFilter, EqualityFilter } = await import('ldapts');
  const { searchEntries } = await client.search(baseDn, {
    scope: 'sub',
    filter: new AndFilter({
      filters: [
        new EqualityFilter({ attribute: 'objectClass', value: 'group' }),
        new EqualityFilter({ attribute: 'sAMAccountName', value: group }),
      ],
    }),
    attributes: ['1.1'],
    sizeLimit: 2,
  });
  if (searchEntries.length > 1) {
    throw new GatewayError('directory.unavailable', 'A group of the directory is not unique.', {
      detail: group,
    });
  }
  return searchEntries[0]?.dn;
}
