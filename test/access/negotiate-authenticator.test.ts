import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { authenticate, createLockout, type Account, type Caller } from '../../src/access/index.js';
import { createNegotiateAuthenticator } from '../../src/access/negotiate/index.js';
import { createNtlmAuthenticator } from '../../src/access/ntlm/index.js';
import type {
  AcceptOutcome,
  ChannelBindingPolicy,
  KerberosAcceptors,
} from '../../src/kerberos/index.js';
import { createNtlmClient, ntHash } from '../../src/ntlm/index.js';
import { basic, caller as plain, requestWith } from './requests.js';

const overTls: Caller = {
  channel: { shared: false, direct: true, tls: { kind: 'here', binding: Buffer.from('cb') } },
};
const atProxy: Caller = {
  channel: { shared: true, direct: false, tls: { kind: 'elsewhere' } },
};

const password = 'correct horse';
const mdm: Account = {
  name: 'mdm',
  passwordHash: undefined,
  ntHash: ntHash(password),
  roles: ['challenge'],
  quota: 5,
  profiles: ['wifi'],
};
const anna: Account = { ...mdm, name: 'anna', ntHash: undefined, roles: ['read'] };

/** Tokens are words: `ask` wants another leg, `anna` and `nobody` are principals, the rest is refused. */
function scripted() {
  const made: { policy: ChannelBindingPolicy; data: Buffer | undefined; closed: number }[] = [];
  const acceptors: KerberosAcceptors = {
    principals: ['HTTP/gw@CORP.EXAMPLE'],
    create(binding) {
      const one = { ...binding, closed: 0 };
      made.push(one);
      let legs = 0;
      return {
        step(token): AcceptOutcome {
          legs += 1;
          const word = token.toString();
          if (word === 'ask' && legs === 1) return { kind: 'continue', token: Buffer.from('more') };
          if (word === 'anna' || word === 'nobody') {
            const principal = `${word}@CORP.EXAMPLE`;
            return { kind: 'accepted', token: Buffer.from('done'), principal, channelBound: false };
          }
          return { kind: 'refused', why: 'token', reason: 'Nonsense.' };
        },
        close: () => void (one.closed += 1),
      };
    },
    close: () => undefined,
  };
  return { made, acceptors };
}

function setUp(channelBinding: ChannelBindingPolicy = 'when-sent') {
  const { made, acceptors } = scripted();
  const authenticator = createNegotiateAuthenticator({
    acceptors,
    channelBinding,
    accountOf: (principal) =>
      Promise.resolve(
        principal === 'anna@CORP.EXAMPLE'
          ? { kind: 'account', account: anna }
          : { kind: 'none', reason: `${principal} has no account here.` },
      ),
  });
  return { made, authenticator };
}

function request(socket: Socket, authorization?: string): IncomingMessage {
  const made = requestWith(authorization);
  made.socket = socket;
  return made;
}

function negotiate(word: string): string {
  return `Negotiate ${Buffer.from(word).toString('base64')}`;
}

const signedIn = {
  kind: 'authenticated',
  principal: {
    account: 'anna',
    roles: ['read'],
    quota: 5,
    profiles: ['wifi'],
    scheme: 'negotiate',
  },
  completion: negotiate('done'),
};
const nonsense = { kind: 'wrong', account: undefined, reason: 'Kerberos: Nonsense.' };

describe('a ticket', () => {
  test('signs in for its own request and no other', async () => {
    const { authenticator, made } = setUp();
    const socket = new Socket();
    expect(await authenticator.authenticate(request(socket, negotiate('anna')), plain)).toEqual(
      signedIn,
    );
    expect(await authenticator.authenticate(request(socket), plain)).toBeUndefined();
    expect(made.map(({ closed }) => closed)).toEqual([1]);
  });

  test('of a principal without account is refused, and so is nonsense', async () => {
    const { authenticator } = setUp();
    const socket = new Socket();
    const answer = (word: string) =>
      authenticator.authenticate(request(socket, negotiate(word)), plain);
    expect(await answer('nobody')).toEqual({
      kind: 'wrong',
      account: undefined,
      reason: 'Kerberos: nobody@CORP.EXAMPLE has no account here.',
    });
    expect(await answer('what?')).toEqual(nonsense);
  });

  test.each(['Negotiate', 'Negotiate ', 'Negotiate ***', 'Kerberos YQ==', 'Negotiate YQ== YQ=='])(
    '%j is none',
    async (authorization) => {
      const { authenticator, made } = setUp();
      const answer = authenticator.authenticate(request(new Socket(), authorization), plain);
      expect(await answer).toBeUndefined();
      expect(made).toEqual([]);
    },
  );

  test('beyond the size of any ticket is not looked at', async () => {
    const { authenticator, made } = setUp();
    const authorization = `Negotiate ${'A'.repeat(88_000)}`;
    const answer = authenticator.authenticate(request(new Socket(), authorization), plain);
    expect(await answer).toBeUndefined();
    expect(made).toEqual([]);
  });
});

describe('a sign-in of two legs', () => {
  test('belongs to its connection', async () => {
    const { authenticator } = setUp();
    const [one, other] = [new Socket(), new Socket()];
    const answer = (socket: Socket, word: string) =>
      authenticator.authenticate(request(socket, negotiate(word)), plain);
    expect(await answer(one, 'ask')).toEqual({ kind: 'continue', challenge: negotiate('more') });
    expect(await answer(other, 'leg two')).toEqual(nonsense);
    expect(await answer(one, 'anna')).toEqual(signedIn);
  });

  test.each([undefined, basic('mdm:x'), 'Bearer sgw_x'])(
    'ends with a request between them (%s)',
    async (authorization) => {
      const { authenticator, made } = setUp();
      const socket = new Socket();
      await authenticator.authenticate(request(socket, negotiate('ask')), plain);
      await authenticator.authenticate(request(socket, authorization), plain);
      expect(made.map(({ closed }) => closed)).toEqual([1]);
      await authenticator.authenticate(request(socket, negotiate('ask')), plain);
      expect(made).toHaveLength(2);
    },
  );

  test('leaves nothing behind on its connection, however often it is begun', async () => {
    const { authenticator, made } = setUp();
    const socket = new Socket();
    for (let times = 0; times < 50; times++) {
      await authenticator.authenticate(request(socket, negotiate('ask')), plain);
      await authenticator.authenticate(request(socket, negotiate('anna')), plain);
    }
    expect(socket.listenerCount('close')).toBeLessThanOrEqual(1);
    await authenticator.authenticate(request(socket, negotiate('ask')), plain);
    socket.emit('close');
    expect(made.map(({ closed }) => closed)).toEqual(made.map(() => 1));
  });
});

describe('the channel binding', () => {
  test.each<[string, ChannelBindingPolicy, Caller, ChannelBindingPolicy, Buffer | undefined]>([
    ['is checked over TLS', 'when-sent', overTls, 'when-sent', Buffer.from('cb')],
    ['is not checked without TLS', 'when-sent', plain, 'off', undefined],
    ['is not checked where a proxy ends TLS', 'when-sent', atProxy, 'off', undefined],
    ['stays required there', 'required', atProxy, 'required', undefined],
  ])('%s', async (_, policy, caller, passed, data) => {
    const { authenticator, made } = setUp(policy);
    await authenticator.authenticate(request(new Socket(), negotiate('anna')), caller);
    expect(made).toEqual([{ policy: passed, data, closed: 1 }]);
  });

  test('required is offered where it can be checked', () => {
    const { authenticator } = setUp('required');
    expect(
      [plain, overTls, atProxy].map(({ channel }) => authenticator.isOffered?.(channel)),
    ).toEqual([false, true, false]);
  });
});

test('a connection that NTLM signed in is nobody once a ticket came by it', async () => {
  const clock = () => new Date('2026-11-16T10:00:00Z');
  const ntlm = createNtlmAuthenticator({
    accounts: { find: (name) => Promise.resolve(name === 'mdm' ? mdm : undefined) },
    lockout: createLockout({ failures: 3, seconds: 60 }),
    channelBindingRequired: false,
    micRequired: false,
    host: 'gw.corp.example',
    clock,
  });
  const chain = [setUp().authenticator, ntlm];
  const socket = new Socket();
  const ask = async (authorization?: string) => {
    const { outcome } = await authenticate(chain, request(socket, authorization), plain);
    return outcome;
  };
  const client = createNtlmClient({ user: 'mdm', password, domain: '' });
  const challenge = await ask(`NTLM ${client.negotiate().toString('base64')}`);
  if (challenge.kind !== 'continue') throw new Error('there was no challenge');
  const type2 = Buffer.from(challenge.challenge.slice(5), 'base64');
  const { message: answer } = client.authenticate(type2);
  expect(await ask(`NTLM ${answer.toString('base64')}`)).toMatchObject({ kind: 'authenticated' });
  expect(await ask()).toMatchObject({ principal: { account: 'mdm' } });
  expect(await ask(negotiate('anna'))).toMatchObject({ principal: { account: 'anna' } });
  expect(await ask()).toEqual({ kind: 'missing' });
});
