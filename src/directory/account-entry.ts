import type { Entry } from 'ldapts';

/** What a user object says about itself. */
export interface AccountEntry {
  readonly dn: string;
  /** sAMAccountName in lower case. */
  readonly name: string;
  /** Why nobody may be this account now; undefined when it is in order. */
  readonly fault: string | undefined;
}

export const accountAttributes = [
  'sAMAccountName',
  'userPrincipalName',
  'userAccountControl',
  'msDS-User-Account-Control-Computed',
  'accountExpires',
];

/** Undefined for an object that is no account. */
export function readAccountEntry(entry: Entry, now: Date): AccountEntry | undefined {
  const name = textOf(entry['sAMAccountName']);
  if (name === undefined) return undefined;
  return { dn: entry.dn, name: name.toLowerCase(), fault: faultOf(entry, now) };
}

export function textOf(value: Entry[string] | undefined): string | undefined {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  if (Buffer.isBuffer(first)) return first.toString('utf8');
  return typeof first === 'string' ? first : undefined;
}

/** Bits of userAccountControl (MS-ADTS 2.2.16) and of its computed twin. */
const flags = { disabled: 0x2, locked: 0x10, passwordExpired: 0x80_0000 } as const;

function faultOf(entry: Entry, now: Date): string | undefined {
  const stored = Number(textOf(entry['userAccountControl']) ?? Number.NaN);
  const computed = Number(textOf(entry['msDS-User-Account-Control-Computed']) ?? 0);
  if (!Number.isInteger(stored)) return 'The service account cannot read userAccountControl.';
  if ((stored & flags.disabled) !== 0) return 'The account is disabled.';
  if ((computed & flags.locked) !== 0) return 'The account is locked by the directory.';
  if ((computed & flags.passwordExpired) !== 0) return 'The password of the account has expired.';
  const expires = expiryOf(textOf(entry['accountExpires']));
  return expires !== undefined && expires <= now ? 'The account has expired.' : undefined;
}

/** Tenths of microseconds since 1601; 0 and 2^63 - 1 are never. */
function expiryOf(text: string | undefined): Date | undefined {
  if (text === undefined || !/^\d{1,19}$/.test(text)) return undefined;
  const ticks = BigInt(text);
  if (ticks === 0n || ticks === 0x7fff_ffff_ffff_ffffn) return undefined;
  return new Date(Number(ticks / 10_000n) - 11_644_473_600_000);
}
