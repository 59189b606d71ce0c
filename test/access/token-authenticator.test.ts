import { describe, expect, test } from '@jest/globals';
import {
  apiTokenDigest,
  authenticate,
  createBasicAuthenticator,
  createLockout,
  createTokenAuthenticator,
  newApiToken,
  type Account,
} from '../../src/access/index.js';
import { basic, caller, requestWith } from './requests.js';

const account: Account = {
  name: 'jamf',
  passwordHash: '',
  roles: ['challenge', 'read'],
  quota: 7,
  profiles: undefined,
};

interface Options {
  readonly expiresAt?: Date;
  readonly owner?: string;
  readonly roles?: readonly string[];
  readonly profiles?: readonly string[];
  readonly held?: Pick<Account, 'roles' | 'profiles'>;
}

function setUp(options: Options = {}) {
  const { token, digest } = newApiToken();
  const record = {
    id: '1',
    account: options.owner ?? 'JAMF',
    digest,
    createdAt: new Date(0),
    expiresAt: options.expiresAt,
    roles: options.roles,
    profiles: options.profiles,
  };
  const accounts = {
    find: (name: string) =>
      Promise.resolve(name === 'jamf' ? { ...account, ...options.held } : undefined),
  };
  const clock = () => new Date('2026-01-01T00:00:00Z');
  const authenticator = createTokenAuthenticator({
    tokens: { tokenByDigest: (text) => Promise.resolve(text === digest ? record : undefined) },
    accounts,
    clock,
  });
  return { token, authenticator, accounts, clock };
}

describe('an API token', () => {
  test('is 256 random bits and only its digest is kept', () => {
    const { token, digest } = newApiToken();
    expect(token).toMatch(/^sgw_[A-Za-z0-9_-]{43}$/);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(apiTokenDigest(token)).toBe(digest);
    expect(apiTokenDigest(`${token}x`)).toBeUndefined();
  });

  test('has the rights of its account', async () => {
    const { token, authenticator } = setUp({ expiresAt: new Date('2026-01-01T00:00:01Z') });
    for (const authorization of [`Bearer ${token}`, `bearer  ${token} `]) {
      expect(await authenticator.authenticate(requestWith(authorization), caller)).toEqual({
        kind: 'authenticated',
        principal: {
          account: 'jamf',
          roles: ['challenge', 'read'],
          quota: 7,
          profiles: undefined,
          scheme: 'token',
        },
      });
    }
  });

  test.each<[string, Options, Pick<Account, 'roles' | 'profiles'>]>([
    ['some of the roles', { roles: ['read'] }, { roles: ['read'], profiles: undefined }],
    [
      'a role that its account has not',
      { roles: ['challenge', 'revoke', 'admin'] },
      { roles: ['challenge'], profiles: undefined },
    ],
    ['no role that is left', { roles: ['approve'] }, { roles: [], profiles: undefined }],
    [
      'less than the administrator',
      { roles: ['read', 'revoke'], held: { roles: ['admin'], profiles: undefined } },
      { roles: ['read', 'revoke'], profiles: undefined },
    ],
    [
      'one profile of all',
      { profiles: ['wifi'] },
      { roles: ['challenge', 'read'], profiles: ['wifi'] },
    ],
    [
      'no profile that its account has not',
      { profiles: ['wifi', 'vpn'], held: { roles: ['challenge'], profiles: ['vpn', 'eap'] } },
      { roles: ['challenge'], profiles: ['vpn'] },
    ],
  ])('may be made for fewer rights: %s', async (_, options, rights) => {
    const { token, authenticator } = setUp(options);
    expect(await authenticator.authenticate(requestWith(`Bearer ${token}`), caller)).toMatchObject({
      kind: 'authenticated',
      principal: { account: 'jamf', ...rights },
    });
  });

  test('is wrong when expired, unknown, misshapen or without its account', async () => {
    const expired = setUp({ expiresAt: new Date('2026-01-01T00:00:00Z') });
    const orphan = setUp({ owner: 'gone' });
    const cases = [
      { ...expired, account: 'jamf' },
      { ...orphan, account: undefined },
      { ...setUp(), token: newApiToken().token, account: undefined },
      { ...setUp(), token: 'sgw_', account: undefined },
    ];
    for (const { authenticator, token, account: name } of cases) {
      expect(await authenticator.authenticate(requestWith(`Bearer ${token}`), caller)).toEqual({
        kind: 'wrong',
        account: name,
      });
    }
  });
});

describe('authenticate', () => {
  function both() {
    const { token, authenticator, accounts, clock } = setUp();
    const basicAuthenticator = createBasicAuthenticator({
      accounts,
      clock,
      lockout: createLockout({ failures: 3, seconds: 60 }),
      verify: (password) => Promise.resolve(password === 'pass'),
    });
    return { token, authenticators: [basicAuthenticator, authenticator] };
  }

  test('names every scheme, each by itself', async () => {
    expect(await authenticate(both().authenticators, requestWith(), caller)).toEqual({
      outcome: { kind: 'missing' },
      challenges: [
        'Basic realm="Network Device Enrollment Service"',
        'Bearer realm="Network Device Enrollment Service"',
      ],
    });
  });

  test('lets the scheme decide that the request speaks', async () => {
    const { token, authenticators } = both();
    for (const [authorization, scheme] of [
      [basic('jamf:pass'), 'basic'],
      [`Bearer ${token}`, 'token'],
    ] as const) {
      const { outcome } = await authenticate(authenticators, requestWith(authorization), caller);
      expect(outcome).toMatchObject({ kind: 'authenticated', principal: { scheme } });
    }
    const ntlm = await authenticate(authenticators, requestWith('NTLM TlRMTVNTUAAB'), caller);
    expect(ntlm.outcome).toEqual({ kind: 'missing' });
  });
});
