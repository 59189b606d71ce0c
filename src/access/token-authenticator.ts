import type { ApiTokenRecord, SettingsStore } from '../store/index.js';
import {
  roles,
  type Account,
  type AccountSource,
  type AuthenticationOutcome,
  type Authenticator,
  type Principal,
  type Role,
} from './access.types.js';
import { apiTokenDigest } from './api-token.js';
import { signInName } from './sign-in-name.js';

/**
 * API tokens as `Authorization: Bearer sgw_…` (RFC 6750), with the rights of the account they belong to, or
 * fewer.
 * 256 random bits need no lock-out and no slow hash.
 */
export function createTokenAuthenticator(options: {
  readonly tokens: Pick<SettingsStore, 'tokenByDigest'>;
  readonly accounts: AccountSource;
  readonly clock: () => Date;
}): Authenticator {
  const { tokens, accounts, clock } = options;

  async function signIn(token: string): Promise<AuthenticationOutcome> {
    const digest = apiTokenDigest(token);
    const record = digest === undefined ? undefined : await tokens.tokenByDigest(digest);
    if (!record) return { kind: 'wrong', account: undefined };
    const account = await accounts.find(signInName(record.account));
    const expired = record.expiresAt !== undefined && record.expiresAt <= clock();
    if (!account || expired) return { kind: 'wrong', account: account?.name };
    return { kind: 'authenticated', principal: principalOf(account, record) };
  }

  return {
    challenge: 'Bearer realm="Network Device Enrollment Service"',
    async authenticate(request) {
      const [, token] = /^\s*bearer\s+(\S+)\s*$/i.exec(request.headers.authorization ?? '') ?? [];
      return token === undefined ? undefined : signIn(token);
    },
  };
}

/** A token never has more than its account, whatever stands in its record. */
function principalOf(
  { name, roles: held, quota, profiles }: Account,
  scope: Pick<ApiTokenRecord, 'roles' | 'profiles'>,
): Principal {
  return {
    account: name,
    roles: scope.roles ? narrowedRoles(held, scope.roles) : held,
    quota,
    profiles: scope.profiles?.filter((profile) => profiles?.includes(profile) ?? true) ?? profiles,
    scheme: 'token',
  };
}

function narrowedRoles(held: readonly Role[], wanted: readonly string[]): readonly Role[] {
  const whole = held.includes('admin');
  return roles.filter((role) => wanted.includes(role) && (whole || held.includes(role)));
}
