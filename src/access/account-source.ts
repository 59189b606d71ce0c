import type { AccountRecord, SettingsStore } from '../store/index.js';
import { roles, type Account, type AccountSource, type Role } from './access.types.js';
import { parsePasswordHash } from './password.js';
import { signInName } from './sign-in-name.js';

/**
 * Accounts kept in the store (the built-in `admin`) before those of the configuration. Stored names are
 * looked up in lower case.
 * @throws GatewayError `config.invalid` when a configured password hash cannot be read
 */
export function createAccountSource(options: {
  readonly settings: Pick<SettingsStore, 'account'>;
  readonly configured: readonly Account[];
  /** Open challenges a stored account may hold. */
  readonly storedQuota: number;
}): AccountSource {
  const { settings, configured, storedQuota } = options;
  for (const { passwordHash } of configured) {
    if (passwordHash !== undefined) parsePasswordHash(passwordHash);
  }
  const byName = new Map(configured.map((account) => [signInName(account.name), account]));

  return {
    async find(name) {
      const stored = await settings.account(name);
      return stored ? fromStore(stored, storedQuota) : byName.get(name);
    },
  };
}

function fromStore(record: AccountRecord, quota: number): Account {
  const { name, passwordHash } = record;
  return { name, passwordHash, roles: record.roles.filter(isRole), quota, profiles: undefined };
}

function isRole(text: string): text is Role {
  return roles.some((role) => role === text);
}
