import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { createDirectory, type DirectoryStep } from '../../../src/directory/index.js';
import { describeInLab, labFile } from '../in-lab.js';
import { samba } from './samba.js';

const groups = ['SCEP-Challenges', 'SCEP-Approvers', 'SCEP-Readers', 'SCEP Ops Night (West)'];

function directory(options: Partial<Parameters<typeof createDirectory>[0]> = {}) {
  return createDirectory({
    servers: ['ldaps://dc1.lab.test'],
    ca: readFileSync(labFile('pki/ca.pem'), 'utf8'),
    domain: 'LAB',
    dnsDomain: 'lab.test',
    upnSuffixes: [],
    baseDn: 'DC=lab,DC=test',
    groups,
    millis: 3000,
    service: {
      account: 'svc-directory@lab.test',
      password: () => Promise.resolve('Directory-Passw0rd!'),
    },
    clock: () => new Date(),
    ...options,
  });
}

async function signIn(typed: string, password: string, made = directory()) {
  const name = made.parseName(typed);
  if (!name) throw new Error(`${typed} is no name of the domain`);
  return made.signIn(name, password);
}

async function lookUp(typed: string, made = directory()) {
  const name = made.parseName(typed);
  if (!name) throw new Error(`${typed} is no name of the domain`);
  return made.lookUp(name);
}

const user = (account: string, ...held: string[]) => ({
  kind: 'user',
  user: { account, groups: held },
});

describeInLab('sign-in by a bind', () => {
  test.each([
    ['reader', 'Reader-Passw0rd!', 'reader@lab.test', ['SCEP-Readers']],
    ['LAB\\reader', 'Reader-Passw0rd!', 'reader@lab.test', ['SCEP-Readers']],
    ['Reader@Lab.Test', 'Reader-Passw0rd!', 'reader@lab.test', ['SCEP-Readers']],
    ['reader@LAB', 'Reader-Passw0rd!', 'reader@lab.test', ['SCEP-Readers']],
    // Its user principal name is set, and the one that follows from its name is good as well.
    ['mobile.devices@lab.test', 'Mdm-Passw0rd!', 'mdm@lab.test', ['SCEP-Challenges']],
    ['mdm@lab.test', 'Mdm-Passw0rd!', 'mdm@lab.test', ['SCEP-Challenges']],
    ['umlaut', 'Pässwörd-€-1!', 'umlaut@lab.test', ['SCEP-Challenges']],
    // By a group in a group whose name needs escaping in a DN and in a filter.
    ['nested', 'Nested-Passw0rd!', 'nested@lab.test', ['SCEP-Challenges', 'SCEP Ops Night (West)']],
    ['stranger', 'Stranger-Passw0rd!', 'stranger@lab.test', []],
  ])('%s', async (typed, password, account, held) => {
    expect(await signIn(typed, password)).toEqual(user(account, ...held));
  });

  test('takes a group by its distinguished name', async () => {
    const dn = 'CN=SCEP Ops\\, Night (West),CN=Users,DC=lab,DC=test';
    const made = directory({ groups: [dn, 'No such group'] });
    expect(await signIn('nested', 'Nested-Passw0rd!', made)).toEqual(user('nested@lab.test', dn));
  });

  test.each([
    ['approver', 'wrong', 'credentials', 'Wrong account or password.'],
    ['nobody', 'whatever', 'credentials', 'Wrong account or password.'],
    // It would be an anonymous bind, which succeeds.
    ['approver', '', 'credentials', 'Wrong account or password.'],
    ['disabled', 'Disabled-Passw0rd!', 'account', 'The account is disabled.'],
    ['expired', 'Expired-Passw0rd!', 'account', 'The account has expired.'],
    [
      'must-change',
      'Must-Change-Passw0rd!',
      'account',
      'The account must change its password first.',
    ],
  ])('refuses %s with %j', async (typed, password, why, reason) => {
    expect(await signIn(typed, password)).toEqual({ kind: 'refused', why, reason });
  });

  test('sees an account that the directory has locked', async () => {
    for (let guess = 0; guess < 5; guess++) await signIn('to-be-locked', `wrong ${guess}`);
    expect(await signIn('to-be-locked', 'Locked-Passw0rd!')).toEqual({
      kind: 'refused',
      why: 'account',
      reason: 'The account is locked by the directory.',
    });
    expect(await lookUp('to-be-locked')).toMatchObject({ why: 'account' });
  });
});

describeInLab('the service account', () => {
  test.each([
    ['LAB\\mdm', user('mdm@lab.test', 'SCEP-Challenges')],
    ['nested', user('nested@lab.test', 'SCEP-Challenges', 'SCEP Ops Night (West)')],
    ['disabled', { kind: 'refused', why: 'account', reason: 'The account is disabled.' }],
    ['expired', { kind: 'refused', why: 'account', reason: 'The account has expired.' }],
    ['nobody', { kind: 'refused', why: 'unknown' }],
  ])('reads %s', async (typed, expected) => {
    expect(await lookUp(typed)).toMatchObject(expected);
  });

  test('sees a change of groups and a leaver at once', async () => {
    const moved = (to: string) =>
      samba('group', 'addmembers', to, 'changing').then(() => lookUp('changing'));
    expect(await lookUp('changing')).toEqual(user('changing@lab.test'));
    expect(await moved('SCEP-Readers')).toEqual(user('changing@lab.test', 'SCEP-Readers'));
    await samba('group', 'removemembers', 'SCEP-Readers', 'changing');
    expect(await lookUp('changing')).toEqual(user('changing@lab.test'));
    expect(await lookUp('to-be-disabled')).toMatchObject({ kind: 'user' });
    await samba('user', 'disable', 'to-be-disabled');
    expect(await lookUp('to-be-disabled')).toMatchObject({ why: 'account' });
    expect(await signIn('to-be-disabled', 'Leaver-Passw0rd!')).toMatchObject({ why: 'account' });
    await samba('user', 'enable', 'to-be-disabled');
  });

  test('with a wrong password, or missing, is an outage and no refusal of the user', async () => {
    const account = 'svc-directory@lab.test';
    const wrong = directory({ service: { account, password: () => Promise.resolve('wrong') } });
    await expect(lookUp('mdm', wrong)).rejects.toMatchObject({
      code: 'directory.unavailable',
      message: 'The directory refuses the service account.',
    });
    await expect(lookUp('mdm', directory({ service: undefined }))).rejects.toMatchObject({
      code: 'directory.unavailable',
    });
  });
});

describeInLab('servers', () => {
  test('that are gone are passed over, and asked last afterwards', async () => {
    const made = directory({
      servers: ['ldaps://gone.lab.test', 'ldaps://dc1.lab.test'],
      millis: 1000,
    });
    const connections = async () => {
      const name = made.parseName('reader');
      const steps: DirectoryStep[] = [];
      if (name) await made.signIn(name, 'Reader-Passw0rd!', (step) => void steps.push(step));
      return steps.filter(({ step }) => step === 'connect').map(({ ok }) => ok);
    };
    expect(await connections()).toEqual([false, true]);
    expect(await connections()).toEqual([true]);
  });

  test.each([
    ['nobody listens', { servers: ['ldaps://dc1.lab.test:6360'] }, /ECONNREFUSED/],
    ['no such host', { servers: ['ldaps://gone.lab.test'], millis: 500 }, /timeout|EHOSTUNREACH/i],
    [
      'a name that is not in the certificate',
      { servers: ['ldaps://10.77.0.10'] },
      /certificate|altnames/i,
    ],
  ])('%s', async (_, options, detail) => {
    await expect(signIn('reader', 'Reader-Passw0rd!', directory(options))).rejects.toMatchObject({
      code: 'directory.unavailable',
      message: 'The directory does not answer.',
      detail: expect.stringMatching(detail) as unknown,
    });
  });

  test('with a certificate of another CA are not spoken to', async () => {
    for (const ca of [readFileSync(labFile('pki/other-ca.pem'), 'utf8'), undefined]) {
      await expect(signIn('reader', 'Reader-Passw0rd!', directory({ ca }))).rejects.toMatchObject({
        code: 'directory.unavailable',
        detail: expect.stringMatching(/certificate/i) as unknown,
      });
    }
  });

  test('that take the connection and say nothing do not hold us longer than allowed', async () => {
    const silent: Server = createServer(() => undefined).listen(6361, '10.77.0.30');
    await once(silent, 'listening');
    const made = directory({ servers: ['ldaps://gateway.lab.test:6361'], millis: 500 });
    await expect(signIn('reader', 'Reader-Passw0rd!', made)).rejects.toMatchObject({
      code: 'directory.unavailable',
    });
    silent.close();
  });
});
