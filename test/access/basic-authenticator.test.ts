import { describe, expect, test } from '@jest/globals';
import {
  createAccountSource,
  createBasicAuthenticator,
  createLockout,
  type Account,
  type AuthenticationOutcome,
} from '../../src/access/index.js';
import { basic, caller, requestWith } from './requests.js';

const hashOfPass = `scrypt$16384$8$1$${'s'.repeat(22)}$${'h'.repeat(43)}`;

const mdm: Account = {
  name: 'MDM',
  passwordHash: hashOfPass,
  roles: ['challenge'],
  quota: 20,
  profiles: ['wifi'],
};

const asMdm: AuthenticationOutcome = {
  kind: 'authenticated',
  principal: {
    account: 'MDM',
    roles: ['challenge'],
    quota: 20,
    profiles: ['wifi'],
    scheme: 'basic',
  },
};

/** An authenticator whose scrypt is a comparison with `pass`, counted, and open or held back. */
function setUp(options: { failures?: number; seconds?: number; account?: Account } = {}) {
  const { failures = 3, seconds = 600, account = mdm } = options;
  const state = { now: new Date('2026-01-01T00:00:00Z'), checks: [] as string[], held: false };
  const waiting: (() => void)[] = [];
  const authenticator = createBasicAuthenticator({
    accounts: createAccountSource({
      settings: { account: () => Promise.resolve(undefined) },
      configured: [account],
      storedQuota: 1,
    }),
    lockout: createLockout({ failures, seconds }),
    clock: () => state.now,
    verify: async (password, encoded) => {
      state.checks.push(encoded);
      if (state.held) await new Promise<void>((resolve) => waiting.push(resolve));
      return password === 'pass' && encoded === hashOfPass;
    },
  });
  return {
    authenticator,
    state,
    letGo: () => {
      state.held = false;
      for (const resolve of waiting.splice(0)) resolve();
    },
    signIn: (credentials: string | Buffer) =>
      authenticator.authenticate(requestWith(basic(credentials)), caller),
  };
}

describe('the names of an account', () => {
  test.each([
    'mdm:pass',
    'MDM:pass',
    'CORP\\mdm:pass',
    'corp.example\\Mdm:pass',
    'mdm@corp.example:pass',
    ' mdm :pass',
  ])('%s', async (credentials) => {
    expect(await setUp().signIn(credentials)).toEqual(asMdm);
  });

  test('a configured name is folded as a sent one is', async () => {
    const { signIn } = setUp({ account: { ...mdm, name: 'mdm@corp.example' } });
    expect(await signIn('CORP\\mdm:pass')).toMatchObject({ kind: 'authenticated' });
  });
});

describe('the credentials', () => {
  test('are none of ours without the scheme', async () => {
    const { authenticator } = setUp();
    for (const authorization of [undefined, '', 'Bearer x', 'BasicX x', 'NTLM TlRMTVNTUAAB']) {
      expect(await authenticator.authenticate(requestWith(authorization), caller)).toBeUndefined();
    }
  });

  test.each(['Basic', 'basic ', 'BASIC !!!!', basic('no colon')])(
    'are wrong when unreadable: %s',
    async (authorization) => {
      const { authenticator, state } = setUp();
      expect(await authenticator.authenticate(requestWith(authorization), caller)).toEqual({
        kind: 'wrong',
        account: undefined,
      });
      expect(state.checks).toEqual([]);
    },
  );

  test.each([
    ['UTF-8', 'utf8'],
    ['Latin-1', 'latin1'],
  ] as const)('are read as %s', async (_, encoding) => {
    const seen: string[] = [];
    const authenticator = createBasicAuthenticator({
      accounts: { find: () => Promise.resolve(mdm) },
      lockout: createLockout({ failures: 3, seconds: 600 }),
      clock: () => new Date(),
      verify: (password) => {
        seen.push(password);
        return Promise.resolve(true);
      },
    });
    const header = basic(Buffer.from('mdm:über:ß', encoding));
    await authenticator.authenticate(requestWith(header), caller);
    expect(seen).toEqual(['über:ß']);
  });
});

describe('a wrong sign-in', () => {
  test('names the account only when there is one', async () => {
    const { signIn } = setUp();
    expect(await signIn('mdm:wrong')).toEqual({ kind: 'wrong', account: 'MDM' });
    expect(await signIn('pass:mdm')).toEqual({ kind: 'wrong', account: undefined });
  });

  test('costs an unknown account a check of the same strength as a new hash', async () => {
    const { signIn, state } = setUp();
    await signIn('nobody:pass');
    expect(state.checks).toHaveLength(1);
    expect(state.checks[0]).toMatch(/^scrypt\$131072\$8\$1\$[\w-]{22}\$[\w-]{43}$/);
  });

  test('pays every time', async () => {
    const { signIn, state } = setUp({ failures: 10 });
    await signIn('mdm:wrong');
    await signIn('mdm:wrong');
    expect(state.checks).toHaveLength(2);
  });
});

describe('a right sign-in', () => {
  test('is believed for five minutes, then checked again', async () => {
    const { signIn, state } = setUp();
    for (const seconds of [0, 1, 299]) {
      state.now = new Date(Date.UTC(2026, 0, 1, 0, 0, seconds));
      expect(await signIn('mdm:pass')).toEqual(asMdm);
    }
    expect(state.checks).toHaveLength(1);
    state.now = new Date(Date.UTC(2026, 0, 1, 0, 5, 0));
    expect(await signIn('mdm:pass')).toEqual(asMdm);
    expect(state.checks).toHaveLength(2);
  });

  test('shares one check with those that come at the same time', async () => {
    const { signIn, state, letGo } = setUp();
    state.held = true;
    const crowd = Array.from({ length: 200 }, () => signIn('mdm:pass'));
    await settled();
    letGo();
    expect(new Set((await Promise.all(crowd)).map((outcome) => outcome?.kind))).toEqual(
      new Set(['authenticated']),
    );
    expect(state.checks).toHaveLength(1);
  });

  test('is no longer believed when the password was changed', async () => {
    let account = mdm;
    const authenticator = createBasicAuthenticator({
      accounts: { find: () => Promise.resolve(account) },
      lockout: createLockout({ failures: 3, seconds: 600 }),
      clock: () => new Date(0),
      verify: (_password, encoded) => Promise.resolve(encoded === hashOfPass),
    });
    const request = requestWith(basic('mdm:pass'));
    expect(await authenticator.authenticate(request, caller)).toEqual(asMdm);
    account = { ...mdm, passwordHash: hashOfPass.replaceAll('h', 'i') };
    expect(await authenticator.authenticate(request, caller)).toMatchObject({ kind: 'wrong' });
  });
});

describe('the lock-out', () => {
  test('refuses even the right password, remembered or not, without a check', async () => {
    const { signIn, state } = setUp();
    expect(await signIn('mdm:pass')).toEqual(asMdm);
    await signIn('mdm:1');
    await signIn('CORP\\mdm:2');
    expect(await signIn('mdm@x:3')).toEqual({
      kind: 'locked',
      account: 'MDM',
      retryAfterSeconds: 600,
      begins: true,
    });
    const checks = state.checks.length;
    for (const password of ['pass', '4']) {
      expect(await signIn(`mdm:${password}`)).toMatchObject({
        kind: 'locked',
        account: 'MDM',
        begins: false,
      });
    }
    expect(state.checks).toHaveLength(checks);
  });

  test('counts unknown accounts alike, and each account for itself', async () => {
    const { signIn } = setUp();
    await signIn('ghost:1');
    await signIn('ghost:2');
    expect(await signIn('ghost:3')).toMatchObject({ kind: 'locked', account: undefined });
    expect(await signIn('mdm:pass')).toEqual(asMdm);
  });

  test('forgives nothing for a success in between', async () => {
    const { signIn } = setUp();
    await signIn('mdm:1');
    await signIn('mdm:2');
    expect(await signIn('mdm:pass')).toEqual(asMdm);
    expect(await signIn('mdm:3')).toMatchObject({ kind: 'locked', begins: true });
  });

  test('ends', async () => {
    const { signIn } = setUp({ failures: 1, seconds: 1 });
    expect(await signIn('mdm:1')).toMatchObject({ kind: 'locked', retryAfterSeconds: 1 });
    expect(await signIn('mdm:pass')).toMatchObject({ kind: 'locked' });
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(await signIn('mdm:pass')).toEqual(asMdm);
  });

  test('stops guesses that wait for their check', async () => {
    const { signIn, state, letGo } = setUp({ failures: 2 });
    state.held = true;
    const guesses = Array.from({ length: 20 }, (_, guess) => signIn(`mdm:${guess}`));
    await settled();
    letGo();
    const kinds = (await Promise.all(guesses)).map((outcome) => outcome?.kind);
    expect(kinds.filter((kind) => kind === 'locked')).toHaveLength(19);
    expect(state.checks).toHaveLength(2);
  });
});

test('more sign-ins than can wait are refused as an overload', async () => {
  const { signIn, state, letGo } = setUp({ failures: 100 });
  state.held = true;
  const crowd = Array.from({ length: 35 }, (_, guess) => signIn(`user${guess}:x`));
  await expect(Promise.race(crowd)).rejects.toMatchObject({ code: 'http.overload' });
  expect(state.checks).toHaveLength(2);
  letGo();
  const results = await Promise.allSettled(crowd);
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1);
});

/** Lets everything that waits for nothing but its turn go as far as it can. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}
