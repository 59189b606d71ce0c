import { randomInt } from 'node:crypto';
import { hashPassword, verifyPassword } from '../access/index.js';
import type { SettingsStore } from '../store/index.js';

export const administratorName = 'admin';

/** Open challenges the built-in administrator may hold. */
export const administratorQuota = 10_000;

/** The built-in administrator as it has to be, or what is missing. */
export type AdministratorState =
  | { readonly kind: 'founded' }
  /** Not there, or there since then with another password than the environment fixes. */
  | { readonly kind: 'wanting'; readonly since: Date | undefined };

export async function administratorState(
  settings: Pick<SettingsStore, 'account'>,
  fixedPassword: string | undefined,
): Promise<AdministratorState> {
  const existing = await settings.account(administratorName);
  const isFounded =
    existing !== undefined &&
    (fixedPassword === undefined || (await verifyPassword(fixedPassword, existing.passwordHash)));
  return isFounded ? { kind: 'founded' } : { kind: 'wanting', since: existing?.createdAt };
}

/**
 * Makes what is missing.
 *
 * @returns a password that was generated now, to be shown once; undefined otherwise
 */
export async function foundAdministrator(
  settings: Pick<SettingsStore, 'putAccount'>,
  state: AdministratorState,
  fixedPassword: string | undefined,
  now: Date,
): Promise<string | undefined> {
  if (state.kind === 'founded') return undefined;
  const password = fixedPassword ?? generatePassword();
  await putAdministrator(settings, password, state.since ?? now);
  return fixedPassword === undefined ? password : undefined;
}

/** Another password for the administrator, for whoever lost the first. */
export async function resetAdministrator(
  settings: Pick<SettingsStore, 'account' | 'putAccount'>,
  now: Date,
): Promise<string> {
  const existing = await settings.account(administratorName);
  const password = generatePassword();
  await putAdministrator(settings, password, existing?.createdAt ?? now);
  return password;
}

async function putAdministrator(
  settings: Pick<SettingsStore, 'putAccount'>,
  password: string,
  createdAt: Date,
): Promise<void> {
  await settings.putAccount({
    name: administratorName,
    passwordHash: await hashPassword(password),
    roles: ['admin'],
    createdAt,
  });
}

/** Five groups of five from 31 unmistakable characters: 123 bits, and it can be read out on the telephone. */
function generatePassword(): string {
  const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';
  const group = () =>
    Array.from({ length: 5 }, () => alphabet[randomInt(alphabet.length)]).join('');
  return Array.from({ length: 5 }, group).join('-');
}
