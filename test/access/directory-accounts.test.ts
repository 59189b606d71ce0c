import { describe, expect, test } from '@jest/globals';
import {
  createDirectoryAccounts,
  createLockout,
  type DirectoryAccounts,
} from '../../src/access/index.js';
import { parseDirectoryName } from '../../src/directory/directory-name.js';
import type { Directory, DirectoryOutcome } from '../../src/directory/index.js';
import { GatewayError } from '../../src/errors/index.js';

const domain = { domain: 'CORP', dnsDomain: 'corp.example', upnSuffixes: [] };
const right = 'the right password';

/** Knows one password for everybody, and counts what it is asked. */
function scripted(groups: readonly string[] = ['SCEP']) {
  const state = {
    binds: 0,
    lookUps: 0,
    atOnce: 0,
    mostAtOnce: 0,
    down: false,
    groups,
    fault: undefined as DirectoryOutcome | undefined,
  };
  const answer = async (user: string): Promise<DirectoryOutcome> => {
    state.atOnce += 1;
    state.mostAtOnce = Math.max(state.mostAtOnce, state.atOnce);
    await new Promise((resolve) => setImmediate(resolve));
    state.atOnce -= 1;
    if (state.down) throw new GatewayError('directory.unavailable', 'It is down.');
    return (
      state.fault ?? {
        kind: 'user',
        user: { account: `${user}@corp.example`, groups: state.groups },
      }
    );
  };
  const directory: Directory = {
    parseName: (typed) => parseDirectoryName(typed, domain),
    async signIn({ user }, password) {
      state.binds += 1;
      const outcome = await answer(user);
      return password === right
        ? outcome
        : { kind: 'refused', why: 'credentials', reason: 'Wrong account or password.' };
    },
    lookUp({ user }) {
      state.lookUps += 1;
      return answer(user);
    },
  };
  return { state, directory };
}

function accounts(directory: Directory, clock = () => new Date()) {
  return createDirectoryAccounts({
    directory,
    rights: [
      { group: 'SCEP', roles: ['challenge'], quota: 10, profiles: ['wifi'] },
      { group: 'Ops', roles: ['approve', 'read'], quota: 500, profiles: ['vpn'] },
      { group: 'All', roles: ['read'], quota: 900, profiles: undefined },
      { group: 'More', roles: ['challenge'], quota: 20, profiles: ['eap'] },
      { group: 'Any', roles: ['challenge', 'revoke'], quota: 1, profiles: undefined },
    ],
    lockout: createLockout({ failures: 3, seconds: 1800 }),
    clock,
    rememberMillis: 60_000,
  });
}

async function signIn(made: DirectoryAccounts, typed: string, password: string) {
  return made.signIn(typed, password);
}

const wrong = { kind: 'wrong', account: undefined, reason: 'Wrong account or password.' };

describe('an account of the directory', () => {
  test('has the rights of its groups, added up', async () => {
    const { directory, state } = scripted(['SCEP', 'Ops']);
    const made = accounts(directory);
    expect(await made.signIn('CORP\\mdm', right)).toEqual({
      kind: 'authenticated',
      principal: {
        account: 'mdm@corp.example',
        roles: ['challenge', 'approve', 'read'],
        quota: 10,
        profiles: ['wifi'],
        scheme: 'basic',
      },
    });
    state.groups = ['SCEP', 'More'];
    expect(await made.signIn('other', right)).toMatchObject({
      principal: { roles: ['challenge'], quota: 20, profiles: ['wifi', 'eap'] },
    });
    state.groups = ['SCEP', 'Any'];
    expect(await made.signIn('third', right)).toMatchObject({
      principal: { quota: 10, profiles: undefined },
    });
  });

  test('may fetch challenges no more widely than its groups that give challenges', async () => {
    const { directory, state } = scripted(['SCEP', 'All']);
    const made = accounts(directory);
    expect(await made.signIn('mdm', right)).toMatchObject({
      principal: { roles: ['challenge', 'read'], quota: 10, profiles: ['wifi'] },
    });
    state.groups = ['Ops', 'All'];
    expect(await made.signIn('other', right)).toMatchObject({
      principal: { roles: ['approve', 'read'], quota: 0, profiles: [] },
    });
  });

  test('in no group of ours is refused by name, and no guess', async () => {
    const { directory } = scripted([]);
    const made = accounts(directory);
    for (let round = 0; round < 5; round++) {
      expect(await made.signIn('mdm', right)).toEqual({
        kind: 'wrong',
        account: 'mdm@corp.example',
        reason: 'mdm@corp.example is in no group with rights here.',
      });
    }
  });

  test('is none where the name is not of the domain', () => {
    const { directory, state } = scripted();
    expect(accounts(directory).signIn('OTHER\\mdm', right)).toBeUndefined();
    expect(accounts(directory).find('mdm@other.example')).toBeUndefined();
    expect(state.binds).toBe(0);
  });

  test('is asked for once a minute, and again afterwards', async () => {
    let now = Date.parse('2026-11-21T00:00:00Z');
    const { directory, state } = scripted();
    const made = accounts(directory, () => new Date(now));
    for (let round = 0; round < 3; round++) await made.signIn('mdm', right);
    await Promise.all(Array.from({ length: 20 }, () => signIn(made, 'mdm', right)));
    expect(state.binds).toBe(1);
    now += 60_001;
    state.fault = { kind: 'refused', why: 'account', reason: 'The account is disabled.' };
    expect(await made.signIn('mdm', right)).toEqual({
      kind: 'wrong',
      account: 'CORP\\mdm',
      reason: 'Directory: The account is disabled.',
    });
    expect(state.binds).toBe(2);
  });

  test('never shares what was found for another password', async () => {
    const { directory } = scripted();
    const made = accounts(directory);
    expect(await made.signIn('mdm', right)).toMatchObject({ kind: 'authenticated' });
    expect(await made.signIn('mdm', 'another')).toEqual(wrong);
  });
});

describe('guesses', () => {
  test('reach the directory three times, however many come at once and under whatever name', async () => {
    const { directory, state } = scripted();
    const made = accounts(directory);
    const names = ['mdm', 'CORP\\mdm', 'mdm@corp.example', 'MDM@CORP'];
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        signIn(made, names[index % 4] ?? '', `guess ${index}`),
      ),
    );
    expect(state.binds).toBe(3);
    expect(state.mostAtOnce).toBe(1);
    expect(outcomes.filter((outcome) => outcome?.kind === 'wrong')).toHaveLength(2);
    const locked = outcomes.filter((outcome) => outcome?.kind === 'locked');
    expect(locked.filter((outcome) => 'begins' in outcome && outcome.begins)).toHaveLength(1);
    expect(await made.signIn('mdm', right)).toMatchObject({ kind: 'locked', begins: false });
    expect(state.binds).toBe(3);
    expect(await made.signIn('another', right)).toMatchObject({ kind: 'authenticated' });
  });

  test('that meet a directory that is down are not counted', async () => {
    const { directory, state } = scripted();
    const made = accounts(directory);
    state.down = true;
    for (let round = 0; round < 5; round++) {
      await expect(made.signIn('mdm', 'guess')).rejects.toMatchObject({
        code: 'directory.unavailable',
      });
    }
    state.down = false;
    expect(await made.signIn('mdm', right)).toMatchObject({ kind: 'authenticated' });
  });

  test('of one account do not pile up without end', async () => {
    const { directory } = scripted();
    const made = accounts(directory);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 200 }, (_, index) => signIn(made, 'mdm', `guess ${index}`)),
    );
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBe(135);
    expect(refused[0]).toMatchObject({ reason: { code: 'http.overload' } });
  });
});

test('a proven name is looked up, and remembered for a minute', async () => {
  let now = Date.parse('2026-11-21T00:00:00Z');
  const { directory, state } = scripted();
  const made = accounts(directory, () => new Date(now));
  const found = { kind: 'account', account: { name: 'mdm@corp.example', roles: ['challenge'] } };
  expect(await made.find('CORP\\mdm')).toMatchObject(found);
  expect(await made.find('CORP\\mdm')).toMatchObject(found);
  expect(state.lookUps).toBe(1);
  now += 60_001;
  state.groups = [];
  expect(await made.find('CORP\\mdm')).toMatchObject({ kind: 'none' });
  expect(state).toMatchObject({ lookUps: 2, binds: 0 });
});
