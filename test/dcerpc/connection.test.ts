import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  connectRpc,
  ntlmSignIn,
  spnegoNtlmSignIn,
  type RpcConnection,
  type RpcSignIn,
  type SyntaxId,
} from '../../src/dcerpc/index.js';
import { encodeSyntax } from '../../src/dcerpc/syntax.js';
import {
  startPeer,
  type Peer,
  type PeerInterface,
  type PeerOptions,
  type PeerStep,
} from './peer.js';

const echo: SyntaxId = { uuid: '01234567-89ab-cdef-0123-456789abcdef', major: 1, minor: 0 };
const account = { user: 'svc-scep', domain: 'LAB', password: 'right' };
const sealedEcho: PeerInterface = {
  syntax: encodeSyntax(echo),
  open: false,
  call: (opnum, stub) => (opnum === 0 ? stub : { fault: 0x1c010002 }),
};

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const it of opened.splice(0)) await it.close();
});

async function peerOf(options: Partial<PeerOptions> = {}): Promise<Peer> {
  const peer = await startPeer({
    interfaces: [sealedEcho],
    accounts: { 'svc-scep': 'right' },
    ...options,
  });
  opened.push(peer);
  return peer;
}

async function connectionTo(
  { port }: { readonly port: number },
  signIn: RpcSignIn | undefined = ntlmSignIn(account),
  {
    connectMillis = 5_000,
    answerMillis = 5_000,
    signal = new AbortController().signal,
  }: { connectMillis?: number; answerMillis?: number; signal?: AbortSignal } = {},
): Promise<RpcConnection> {
  const connection = await connectRpc({
    host: '127.0.0.1',
    port,
    limits: { connectMillis, answerMillis },
    signal,
    interface: echo,
    signIn,
  });
  opened.push(connection);
  return connection;
}

const mechanisms: readonly (readonly [string, () => RpcSignIn])[] = [
  ['NTLM', () => ntlmSignIn(account)],
  ['NTLM in SPNEGO', () => spnegoNtlmSignIn(account)],
];

describe.each(mechanisms)('a connection by %s', (_, signIn) => {
  test('seals calls and opens answers, one after another', async () => {
    const connection = await connectionTo(await peerOf(), signIn());
    for (const text of ['', 'a', 'sixteen octets!!', 'and one more than that']) {
      const stub = Buffer.from(text);
      expect(await connection.call(0, stub)).toEqual({ kind: 'answered', stub });
    }
  });

  test('takes and makes fragments of any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1432, max: 5840 }),
        fc.integer({ min: 0, max: 20_000 }),
        async (stubOctets, mostOctets, octets) => {
          const peer = await peerOf({ stubOctets: Math.max(stubOctets, octets >> 8), mostOctets });
          const connection = await connectionTo(peer, signIn());
          const stub = Buffer.from(Array.from({ length: octets }, (_unused, at) => at & 0xff));
          expect(await connection.call(0, stub)).toEqual({ kind: 'answered', stub });
          expect(Math.max(...peer.requestOctets)).toBeLessThanOrEqual(mostOctets);
        },
      ),
      { numRuns: 25 },
    );
  });

  test('a fault says what it is', async () => {
    const connection = await connectionTo(await peerOf(), signIn());
    expect(await connection.call(7, Buffer.alloc(4))).toEqual({
      kind: 'fault',
      status: 0x1c010002,
      neverRan: true,
    });
  });
});

describe('a server that does not let us in', () => {
  test('a wrong password shows with the first call', async () => {
    const wrong = ntlmSignIn({ ...account, password: 'wrong' });
    const connection = await connectionTo(await peerOf(), wrong);
    expect(await connection.call(0, Buffer.from('x'))).toEqual({
      kind: 'fault',
      status: 5,
      neverRan: true,
    });
  });

  test('in SPNEGO at once', async () => {
    const wrong = spnegoNtlmSignIn({ ...account, password: 'wrong' });
    await expect(connectionTo(await peerOf(), wrong)).rejects.toMatchObject({
      code: 'rpc.sign-in-refused',
      detail: 'fault 0x00000005',
    });
  });

  test('a mechanism it does not know', async () => {
    await expect(connectionTo(await peerOf({ mechanisms: [9] }))).rejects.toMatchObject({
      code: 'rpc.mechanism-refused',
    });
  });

  test('an interface it does not have', async () => {
    await expect(connectionTo(await peerOf({ interfaces: [] }))).rejects.toMatchObject({
      code: 'rpc.bind-refused',
      detail: 'it does not have the interface',
    });
  });

  test('nobody there', async () => {
    const peer = await startPeer({ interfaces: [] });
    await peer.close();
    await expect(connectionTo(peer)).rejects.toMatchObject({
      code: 'rpc.unreachable',
      detail: `connecting to 127.0.0.1 port ${peer.port}: ECONNREFUSED`,
    });
  });

  test.each([
    [1, 'rpc.busy'],
    [2, 'rpc.busy'],
    [8, 'rpc.mechanism-refused'],
    [9, 'rpc.sign-in-refused'],
    [0, 'rpc.bind-refused'],
    [4, 'rpc.bind-refused'],
  ])('bind_nak for reason %i', async (reason, code) => {
    const nak = Buffer.from('05000d0310000000180000000100000000000105000000', 'hex');
    const whole = Buffer.concat([nak, Buffer.alloc(1)]);
    whole.writeUInt16LE(reason, 16);
    const peer = await peerOf({ misbehave: at('bind_ack', { instead: whole }) });
    await expect(connectionTo(peer)).rejects.toMatchObject({ code });
  });

  test('a negotiation that is signed wrongly is not gone on with', async () => {
    const peer = await peerOf({ mechListMic: 'wrong' });
    await expect(connectionTo(peer, spnegoNtlmSignIn(account))).rejects.toMatchObject({
      code: 'rpc.malformed',
      detail: 'a negotiation whose signature is wrong',
    });
  });

  test('a negotiation that is not signed by the server goes on: each answer is', async () => {
    const peer = await peerOf({ mechListMic: 'none' });
    const connection = await connectionTo(peer, spnegoNtlmSignIn(account));
    const stub = Buffer.from('x');
    // The server has made no signature yet, so its next one has another number.
    expect(await connection.call(0, stub)).toEqual({ kind: 'answered', stub });
  });
});

function at(
  where: PeerStep,
  behaviour: Exclude<ReturnType<NonNullable<PeerOptions['misbehave']>>, undefined>,
): NonNullable<PeerOptions['misbehave']> {
  return (step) => (step === where ? behaviour : undefined);
}

describe('a connection that breaks off', () => {
  const before: readonly PeerStep[] = ['accept', 'bind_ack'];
  test.each(before)('before the call (%s): it was not sent', async (step) => {
    const peer = await peerOf({ misbehave: at(step, 'cut') });
    await expect(connectionTo(peer)).rejects.toMatchObject({ code: 'rpc.cut' });
  });

  test('after the sign-in and before the call: it was not sent', async () => {
    const peer = await peerOf({ misbehave: at('auth3', 'cut') });
    const connection = await connectionTo(peer);
    await closedBy(peer);
    await expect(connection.call(0, Buffer.alloc(8))).rejects.toMatchObject({ code: 'rpc.cut' });
    expect(peer.seen).not.toContain(0);
  });

  const after: readonly PeerStep[] = ['execute', 'response', 'middle-of-response'];
  test.each(after)('after the call (%s): nobody knows what became of it', async (step) => {
    const peer = await peerOf({ misbehave: at(step, 'cut'), stubOctets: 16 });
    const connection = await connectionTo(peer);
    await expect(connection.call(0, Buffer.alloc(100))).rejects.toMatchObject({
      code: 'rpc.unanswered',
      detail: expect.stringContaining('closed the connection') as unknown,
    });
  });

  test.each(after)('silence after the call (%s)', async (step) => {
    const peer = await peerOf({ misbehave: at(step, 'silence'), stubOctets: 16 });
    const connection = await connectionTo(peer, undefined, { answerMillis: 50 });
    await expect(connection.call(0, Buffer.alloc(100))).rejects.toMatchObject({
      code: 'rpc.unanswered',
      detail: expect.stringContaining('nothing within 50 ms') as unknown,
    });
  });

  test.each(before)('silence before the call (%s)', async (step) => {
    const peer = await peerOf({ misbehave: at(step, 'silence') });
    await expect(connectionTo(peer, undefined, { connectMillis: 200 })).rejects.toMatchObject({
      code: 'rpc.timeout',
    });
  });

  test('the time for the whole task ends any wait', async () => {
    const task = new AbortController();
    const peer = await peerOf({ misbehave: at('response', 'silence') });
    const connection = await connectionTo(peer, undefined, { signal: task.signal });
    const answer = connection.call(0, Buffer.alloc(8));
    task.abort();
    await expect(answer).rejects.toMatchObject({
      code: expect.stringMatching(/^rpc\.(unanswered|timeout)$/) as unknown,
      detail: expect.stringContaining('the time for the whole call is over') as unknown,
    });
  });
});

/** Until the client has seen the end. */
async function closedBy(peer: Peer): Promise<void> {
  while (!peer.seen.includes(16)) await new Promise((resolve) => setImmediate(resolve));
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('a server that does not keep to the protocol', () => {
  test.each<readonly [string, (message: Buffer) => void]>([
    ['another version', (message) => message.writeUInt8(4)],
    ['big-endian', (message) => message.writeUInt8(0, 4)],
    ['a length below the header', (message) => message.writeUInt16LE(8, 8)],
    ['a length beyond what was agreed', (message) => message.writeUInt16LE(5841, 8)],
    ['another call', (message) => message.writeUInt32LE(77, 12)],
    ['another kind of message', (message) => message.writeUInt8(17, 2)],
    ['an authentication value beyond the message', (message) => message.writeUInt16LE(999, 10)],
    ['no authentication value', (message) => message.writeUInt16LE(0, 10)],
    ['another presentation context', (message) => message.writeUInt16LE(1, 20)],
    ['a broken seal', (message) => message.writeUInt8(message.readUInt8(26) ^ 1, 26)],
    ['a broken header', (message) => message.writeUInt8(message.readUInt8(16) ^ 1, 16)],
    ['a last fragment as first', (message) => message.writeUInt8(2, 3)],
    ['more padding than message', (message) => message.writeUInt8(200, message.length - 22)],
    ['another level', (message) => message.writeUInt8(5, message.length - 23)],
  ])('%s is refused', async (_, change) => {
    const peer = await peerOf({
      spoil(message) {
        if (message[2] === 2) change(message);
        return message;
      },
    });
    const connection = await connectionTo(peer, undefined, { answerMillis: 2000 });
    await expect(connection.call(0, Buffer.from('eight oc'))).rejects.toMatchObject({
      code: 'rpc.unanswered',
      cause: { code: 'rpc.malformed' },
    });
  });

  test('an answer without end is given up at a megabyte', async () => {
    const endless = await peerOf({
      interfaces: [{ ...sealedEcho, call: () => Buffer.alloc(1024 * 1024 + 1) }],
      stubOctets: 5776,
    });
    const connection = await connectionTo(endless);
    await expect(connection.call(0, Buffer.alloc(0))).rejects.toMatchObject({
      code: 'rpc.unanswered',
      detail: 'a response beyond all measure',
    });
  });

  test('whatever it sends, there is an end with a word for it', async () => {
    const outcomes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<PeerStep>('accept', 'bind_ack', 'alter_context_resp', 'response'),
        fc.oneof(fc.uint8Array({ maxLength: 200 }), messageLike()),
        fc.boolean(),
        async (step, octets, spnego) => {
          const peer = await startPeer({
            interfaces: [sealedEcho],
            accounts: { 'svc-scep': 'right' },
            misbehave: at(step, { instead: Buffer.from(octets) }),
          });
          const signIn = spnego ? spnegoNtlmSignIn(account) : ntlmSignIn(account);
          try {
            const connection = await connectionTo(peer, signIn, {
              connectMillis: 50,
              answerMillis: 20,
            });
            const answer = await connection.call(0, Buffer.from('x'));
            outcomes.add(answer.kind);
          } catch (error) {
            expect(error).toMatchObject({
              code: expect.stringMatching(/^(rpc|ntlm)\./) as unknown,
            });
            outcomes.add((error as { code: string }).code);
          } finally {
            await peer.close();
          }
        },
      ),
      { numRuns: 60 },
    );
    expect(outcomes).toContain('rpc.malformed');
  });
});

/** Octets with a right header in front, so that more than the header is reached. */
function messageLike() {
  return fc
    .record({
      type: fc.constantFrom(2, 3, 12, 13, 15, 17),
      flags: fc.integer({ min: 0, max: 255 }),
      auth: fc.integer({ min: 0, max: 60 }),
      callId: fc.integer({ min: 0, max: 3 }),
      body: fc.uint8Array({ maxLength: 120 }),
    })
    .map(({ type, flags, auth, callId, body }) => {
      const header = Buffer.alloc(16);
      header.set([5, 0, type, flags, 0x10]);
      header.writeUInt16LE(16 + body.length, 8);
      header.writeUInt16LE(auth, 10);
      header.writeUInt32LE(callId, 12);
      return Buffer.concat([header, body]);
    });
}
