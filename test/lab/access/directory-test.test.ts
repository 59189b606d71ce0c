import { writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { describeInLab, labFile } from '../in-lab.js';
import { run } from '../run.js';
import { labConfig } from './gateway.js';

async function directoryTest(
  account: string,
  password?: string,
  change: (yaml: string) => string = (yaml) => yaml,
) {
  const file = labFile(`directory-test-${process.pid}.yaml`);
  await writeFile(file, change(labConfig({ directory: 'timeoutSeconds: 1' })));
  return run(
    process.execPath,
    [
      ...['bin/scep-gateway.js', 'directory', 'test', '--config', file, account],
      ...(password === undefined ? [] : ['--password']),
    ],
    { input: password ?? '', environment: { DIRECTORY_PASSWORD: 'Directory-Passw0rd!' } },
  );
}

/** The command line of the built gateway: `npm run test:access` builds it first. */
describeInLab('scep-gateway directory test', () => {
  test('shows every step of a sign-in that succeeds', async () => {
    expect(await directoryTest('LAB\\nested', 'Nested-Passw0rd!')).toEqual({
      status: 0,
      errors: '',
      output: [
        'ok  name     understood as LAB\\nested',
        'ok  connect  ldaps://dc1.lab.test: TLS, and its certificate is in order',
        'ok  bind     as LAB\\nested',
        'ok  account  CN=nested,CN=Users,DC=lab,DC=test',
        'ok  group    SCEP-Challenges: yes',
        '--  group    SCEP-Approvers: no',
        '--  group    SCEP-Readers: no',
        'roles: challenge',
        '',
      ].join('\n'),
    });
  });

  test.each([
    ['a wrong password', 'umlaut', 'wrong', /-- {2}bind .*Wrong account or password/],
    [
      'an account without groups',
      'stranger',
      undefined,
      /refused: stranger@lab\.test is in no group/,
    ],
    ['a disabled account', 'disabled', undefined, /-- {2}account .*The account is disabled/],
    ['no account', 'nobody', undefined, /refused: No account LAB\\nobody/],
    [
      'a name of another domain',
      'mdm@other.test',
      undefined,
      /-- {2}name .*is no name of the domain LAB/,
    ],
  ])('says that it is %s', async (_, account, password, text) => {
    const { status, output } = await directoryTest(account, password);
    expect(output).toMatch(text);
    expect(status).toBe(1);
  });

  test.each([
    ['dc1.lab.test', 'gone.lab.test', /-- {2}connect {2}ldaps:\/\/gone\.lab\.test/],
    ['pki/ca.pem', 'pki/other-ca.pem', /-- {2}connect .*certificate/],
    ['svc-directory@', 'nobody@', /-- {2}bind .*nobody@lab\.test/],
  ])('says where it fails: %s is %s', async (from, to, text) => {
    const { status, output } = await directoryTest('mdm', undefined, (yaml) =>
      yaml.replaceAll(from, to),
    );
    expect(output).toMatch(text);
    expect(status).toBe(1);
  });
});
