import type { DirectoryOutcome } from './directory.types.js';

type Refusal = Extract<DirectoryOutcome, { readonly kind: 'refused' }>;

/** `data 52e` in the text of AD's invalidCredentials is a Windows error code, hexadecimal (MS-ERREF 2.2). */
export function bindRefusal(message: string): Refusal {
  const [, data = ''] = /\bdata ([0-9a-f]{1,8})\b/i.exec(message) ?? [];
  const reason = accountFaults.get(data.toLowerCase());
  return reason === undefined
    ? { kind: 'refused', why: 'credentials', reason: 'Wrong account or password.' }
    : { kind: 'refused', why: 'account', reason };
}

const accountFaults: ReadonlyMap<string, string> = new Map([
  ['530', 'The account may not sign in at this time.'],
  ['531', 'The account may not sign in from this computer: its logon workstations forbid it.'],
  ['532', 'The password of the account has expired.'],
  ['533', 'The account is disabled.'],
  ['569', 'The account has not the right to log on this way.'],
  ['701', 'The account has expired.'],
  ['773', 'The account must change its password first.'],
  ['775', 'The account is locked by the directory.'],
]);
