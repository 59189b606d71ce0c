import type { SettingsStore } from '../store/index.js';
import type { AccountSource, AuthenticationOutcome, Authenticator } from './access.types.js';
import { apiTokenDigest } from './api-token.js';
import { signInName } from './sign-in-name.js';

/**
 * API tokens as `Authorization: Bearer sgw_…` (RFC 6750), with the rights of the account they belong to.
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
    const { name, roles, quota, profiles } = account;
    return {
      kind: 'authenticated',
      principal: { account: name, roles, quota, profiles, scheme: 'token' },
    };
  }

  return {
    challenge: 'Bearer realm="Network Device Enrollment Service"',
    async authenticate(request) {
      const [, token] = /^\s*bearer\s+(\S+)\s*$/i.exec(request.headers.authorization ?? '') ?? [];
      return token === undefined ? undefined : signIn(token);
    },
  };
}
