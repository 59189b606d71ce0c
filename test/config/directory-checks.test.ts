import { describe, expect, test } from '@jest/globals';
import { checkConfig } from '../../src/config/check.js';

const directory = {
  servers: ['ldaps://dc1.corp.example'],
  domain: 'CORP',
  dnsDomain: 'corp.example',
  groups: [{ group: 'SCEP' }],
};

function problemsOf(config: unknown): readonly string[] {
  const outcome = checkConfig(config);
  return outcome.kind === 'valid'
    ? []
    : outcome.problems.map(({ key, problem }) => `${key} ${problem}`);
}

describe('a directory', () => {
  test('needs servers, domain and groups, and has defaults for the rest', () => {
    const outcome = checkConfig({ directory });
    expect(outcome.kind === 'valid' && outcome.config.directory).toMatchObject({
      groups: [{ group: 'SCEP', roles: ['challenge'], quota: 10_000 }],
      timeoutSeconds: 5,
      rememberSeconds: 60,
      lockout: { failures: 3, minutes: 30 },
    });
  });

  test.each([
    [{ servers: ['ldap://dc1.corp.example'] }, /^directory\.servers\[0\] /],
    [{ servers: ['ldaps://dc1.corp.example:99999'] }, /servers\[0\] names no usable port/],
    [
      { servers: ['ldaps://dc1.corp.example', 'ldaps://dc1.corp.example'] },
      /servers\[1\] is listed already/,
    ],
    [{ domain: 'corp.example' }, /^directory\.domain /],
    [{ baseDn: 'corp' }, /^directory\.baseDn /],
    [{ groups: [] }, /^directory\.groups /],
    [{ groups: [{ group: 'SCEP', roles: ['admin'] }] }, /^directory\.groups\[0\]\.roles\[0\] /],
    [{ groups: [{ group: 'SCEP' }, { group: 'scep' }] }, /groups\[1\]\.group is .*groups\[0\]/],
    [{ groups: [{ group: 'SCEP', profiles: ['wifi'] }] }, /not under profiles/],
    [
      { service: { account: 'svc@other.example', password: { env: 'P' } } },
      /service\.account is .*no name of this domain/,
    ],
    [{ service: { account: 'svc', password: { env: 'P' } } }, /service\.account is/],
  ])('%j', (change, problem) => {
    expect(problemsOf({ directory: { ...directory, ...change } })).toEqual([
      expect.stringMatching(problem),
    ]);
  });
});

describe('Kerberos', () => {
  const negotiate = { keytab: 'gateway.keytab' };
  const account = { name: 'mdm', principals: ['mdm@CORP.EXAMPLE'] };

  test('stands for a password of an account', () => {
    expect(problemsOf({ access: { signIn: { negotiate } }, accounts: [account] })).toEqual([]);
  });

  test('needs its keytab for accounts with principals, each of one account', () => {
    expect(problemsOf({ accounts: [account] })).toEqual([
      'accounts[0].principals[0] is of no use: nobody can sign in with Kerberos',
    ]);
    const other = { name: 'other', principals: ['MDM@corp.example'] };
    expect(problemsOf({ access: { signIn: { negotiate } }, accounts: [account, other] })).toEqual([
      'accounts[1].principals[0] is "mdm@corp.example", which has an account',
    ]);
    expect(
      problemsOf({
        access: { signIn: { negotiate } },
        accounts: [{ ...account, principals: ['mdm'] }],
      }),
    ).toEqual([expect.stringMatching(/^accounts\[0\]\.principals\[0\] /)]);
  });

  test('cannot ask for a channel binding where no listener has TLS', () => {
    const strict = { signIn: { negotiate: { ...negotiate, channelBinding: 'required' } } };
    expect(problemsOf({ access: strict })).toEqual([
      'access.signIn.negotiate.channelBinding is required, which no listener can keep: none has TLS',
    ]);
  });
});
