import { describe, expect, test } from '@jest/globals';
import type { Entry } from 'ldapts';
import { readAccountEntry } from '../../src/directory/account-entry.js';
import { bindRefusal } from '../../src/directory/bind-refusal.js';

const now = new Date('2026-11-21T00:00:00Z');

function entry(attributes: Partial<Entry> = {}): Entry {
  return {
    dn: 'CN=mdm,DC=corp,DC=example',
    sAMAccountName: 'MDM',
    userAccountControl: '512',
    'msDS-User-Account-Control-Computed': '0',
    accountExpires: '9223372036854775807',
    ...attributes,
  };
}

describe('an account of the directory', () => {
  test('in order has its name in lower case and no fault', () => {
    expect(readAccountEntry(entry(), now)).toEqual({
      dn: 'CN=mdm,DC=corp,DC=example',
      name: 'mdm',
      fault: undefined,
    });
    expect(readAccountEntry(entry({ accountExpires: '0' }), now)?.fault).toBeUndefined();
    // 2026-11-22
    expect(
      readAccountEntry(entry({ accountExpires: '134398656000000000' }), now)?.fault,
    ).toBeUndefined();
  });

  test.each([
    [{ userAccountControl: '514' }, 'The account is disabled.'],
    [{ 'msDS-User-Account-Control-Computed': '16' }, 'The account is locked by the directory.'],
    [
      { 'msDS-User-Account-Control-Computed': '8388608' },
      'The password of the account has expired.',
    ],
    // 2026-11-20
    [{ accountExpires: '134396928000000000' }, 'The account has expired.'],
    [{ userAccountControl: [] }, 'The service account cannot read userAccountControl.'],
  ])('%j', (attributes, fault) => {
    expect(readAccountEntry(entry(attributes), now)?.fault).toBe(fault);
  });

  test('without a name is none', () => {
    expect(readAccountEntry(entry({ sAMAccountName: [] }), now)).toBeUndefined();
  });
});

describe('what AD says to a bind it refuses', () => {
  const text = (data: string) =>
    `80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data ${data}, v4563`;

  test.each([
    ['52e', 'credentials', 'Wrong account or password.'],
    ['525', 'credentials', 'Wrong account or password.'],
    ['532', 'account', 'The password of the account has expired.'],
    ['533', 'account', 'The account is disabled.'],
    ['701', 'account', 'The account has expired.'],
    ['773', 'account', 'The account must change its password first.'],
    ['775', 'account', 'The account is locked by the directory.'],
  ])('data %s', (data, why, reason) => {
    expect(bindRefusal(text(data))).toEqual({ kind: 'refused', why, reason });
  });

  test('another server says less: that counts as a guess', () => {
    expect(bindRefusal('Invalid Credentials Code: 0x31')).toMatchObject({ why: 'credentials' });
  });
});
