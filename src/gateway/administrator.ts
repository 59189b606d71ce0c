import { randomInt } from 'node:crypto';
import { hashPassword, verifyPassword } from '../access/index.js';
import type { SettingsStore } from '../store/index.js';

export const administratorName = 'admin';

/** Open challenges the built-in administrator may hold. */
export const administratorQuota = 10_000;

/** Whether the built-in administrator is there, with the password the environment fixes. */
export async function hasAdministrator(
  settings: Pick<SettingsStore, 'account'>,
  fixedPassword: string | undefined,
): Promise<boolean> {
  const existing = await settings.account(administratorName);
  if (!existing || fixedPassword === undefined) return existing !== undefined;
  return verifyPassword(fixedPassword, existing.passwordHash);
}

/**
 * Makes the built-in administrator, or gives it the password the environment fixes.
 *
 * @returns a password that was generated now, to be shown once; undefined otherwise
 */
export async function foundAdministrator(
  settings: Pick<SettingsStore, 'account' | 'putAccount'>,
  fixedPassword: string | undefined,
  now: Date,
): Promise<string | undefined> {
  const existing = await settings.account(administratorName);
  const password = fixedPassword ?? generatePassword();
  await settings.putAccount({
    name: administratorName,
    passwordHash: await hashPassword(password),
    roles: ['admin'],
    createdAt: existing?.createdAt ?? now,
  });
  return fixedPassword === undefined ? password : undefined;
}

/** Another password for the administrator, for whoever lost the first. */
export async function resetAdministrator(
  settings: Pick<SettingsStore, 'account' | 'putAccount'>,
  now: Date,
): Promise<string> {
  const existing = await settings.account(administratorName);
  const password = generatePassword();
  await settings.putAccount({
    name: administratorName,
    passwordHash: await hashPassword(password),
    roles: ['admin'],
    createdAt: existing?.createdAt ?? now,
  });
  return password;
}

/** Five groups of five from 31 unmistakable characters: 123 bits, and it can be read out on the telephone. */
function generatePassword(): string {
  const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';
  const group = () =>
    Array.from({ length: 5 }, () => alphabet[randomInt(alphabet.length)]).join('');
  return Array.from({ length: 5 }, group).join('-');
}
