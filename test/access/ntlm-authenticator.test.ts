import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { createLockout, type Account, type AuthenticationOutcome } from '../../src/access/index.js';
import { createNtlmAuthenticator } from '../../src/access/ntlm/index.js';
import { createNtlmClient, ntHash } from '../../src/ntlm/index.js';
import { caller, requestWith } from './requests.js';

const mdm: Account = {
  name: 'mdm',
  passwordHash: undefined,
  ntHash: ntHash('right'),
  roles: ['challenge'],
  quota: 1,
  profiles: undefined,
};

function authenticator(failures: number, find: () => Account | undefined = () => mdm) {
  return createNtlmAuthenticator({
    accounts: { find: (name) => Promise.resolve(name === 'mdm' ? find() : undefined) },
    lockout: createLockout({ failures, seconds: 60 }),
    channelBindingRequired: false,
    micRequired: true,
    host: 'scep.corp.example',
    clock: () => new Date('2026-01-01T12:00:00Z'),
  });
}

function on(socket: Socket, authorization?: string): IncomingMessage {
  const request = requestWith(authorization);
  request.socket = socket;
  return request;
}

async function signIn(
  by: ReturnType<typeof authenticator>,
  password: string,
  { user = 'mdm', socket = new Socket() } = {},
): Promise<AuthenticationOutcome | undefined> {
  const client = createNtlmClient({ user, domain: 'CORP', password });
  const field = (message: Buffer) => `NTLM ${message.toString('base64')}`;
  const first = await by.authenticate(on(socket, field(client.negotiate())), caller);
  if (first?.kind !== 'continue') throw new Error('no challenge');
  const challenge = Buffer.from(first.challenge.slice(5), 'base64');
  return by.authenticate(on(socket, field(client.authenticate(challenge).message)), caller);
}

test.each(['mdm', 'MDM', 'mdm@corp.example', 'CORP\\mdm'])('signs in %s', async (user) => {
  expect(await signIn(authenticator(3), 'right', { user })).toEqual({
    kind: 'authenticated',
    principal: {
      account: 'mdm',
      roles: ['challenge'],
      quota: 1,
      profiles: undefined,
      scheme: 'ntlm',
    },
    completion: undefined,
  });
});

test('failures lock an account that is there, and one that is not, alike', async () => {
  for (const [user, account] of [
    ['mdm', 'mdm'],
    ['nobody', undefined],
  ] as const) {
    const by = authenticator(2);
    const outcomes = [];
    for (const password of ['a', 'b', 'right']) outcomes.push(await signIn(by, password, { user }));
    expect(outcomes).toEqual([
      { kind: 'wrong', account, reason: 'NTLM: wrong account or password.' },
      { kind: 'locked', account, retryAfterSeconds: 60, begins: true },
      { kind: 'locked', account, retryAfterSeconds: 60, begins: false },
    ]);
  }
});

test('guesses that come at once are not more than those that come one by one', async () => {
  const by = authenticator(3);
  const guesses = await Promise.all(
    Array.from({ length: 20 }, (_, at) => signIn(by, at === 19 ? 'right' : `guess ${at}`)),
  );
  expect(guesses.filter((outcome) => outcome?.kind === 'authenticated')).toEqual([]);
});

test('a connection is signed in no longer than its account stands with this password', async () => {
  let account: Account | undefined = mdm;
  const by = authenticator(3, () => account);
  const socket = new Socket();
  await signIn(by, 'right', { socket });
  const again = () => by.authenticate(on(socket), caller);
  expect(await again()).toMatchObject({ kind: 'authenticated' });
  account = { ...mdm, ntHash: ntHash('changed') };
  expect(await again()).toBeUndefined();
  account = mdm;
  expect(await again()).toBeUndefined();
  await signIn(by, 'right', { socket });
  account = undefined;
  expect(await again()).toBeUndefined();
});

test('a message cut at each octet is wrong, or no answer to a challenge', async () => {
  const by = authenticator(1000);
  const socket = new Socket();
  const client = createNtlmClient({ user: 'mdm', domain: 'CORP', password: 'right' });
  const send = (message: Buffer) =>
    by.authenticate(on(socket, `NTLM ${message.toString('base64')}`), caller);
  for (let size = 0; size < 16; size++) {
    const outcome = await send(client.negotiate().subarray(0, size));
    expect(outcome).toMatchObject({ kind: 'wrong', account: undefined });
  }
  for (let size = 12, whole = 13; size < whole; size++) {
    const first = await send(client.negotiate());
    if (first?.kind !== 'continue') throw new Error('no challenge');
    const { message } = client.authenticate(Buffer.from(first.challenge.slice(5), 'base64'));
    whole = message.length;
    const outcome = await send(message.subarray(0, size));
    expect([size, outcome]).toMatchObject([size, { kind: 'wrong', account: undefined }]);
    expect(await send(message)).toMatchObject({ kind: 'wrong' });
  }
});

test('10 000 wrong passwords cost no memory, on one connection or on as many', async () => {
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  const by = authenticator(100_000);
  const socket = new Socket();
  const guess = async (times: number) => {
    for (let attempt = 0; attempt < times; attempt++) {
      const outcome = await signIn(by, 'wrong', attempt % 2 === 0 ? { socket } : {});
      if (outcome?.kind !== 'wrong') throw new Error(`${String(outcome?.kind)} at ${attempt}`);
    }
    // WeakMap entries of sockets go with a turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = await guess(1000);
  const after = await guess(9000);
  expect(after - before).toBeLessThan(4 * 1024 * 1024);
  expect(await signIn(by, 'right')).toMatchObject({ kind: 'authenticated' });
}, 120_000);
