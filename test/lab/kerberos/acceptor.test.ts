import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  openKerberos,
  type AcceptOutcome,
  type ChannelBindingPolicy,
  type KerberosAcceptors,
} from '../../../src/kerberos/index.js';
import { describeInLab, labFile } from '../in-lab.js';

const binding = Buffer.from('tls-server-end-point:of this channel');
const otherBinding = Buffer.from('tls-server-end-point:of another channel');

async function firstToken(channelBinding: Buffer | undefined, spn = 'HTTP/gateway.lab.test') {
  const kerberos = await openKerberos();
  const keytab = labFile('svc-scep.keytab');
  const credentials = kerberos.initiators({ kind: 'keytab', keytab, principal: 'svc-scep' });
  const initiator = credentials.create({ spn, channelBinding });
  try {
    return {
      token: (await initiator.step(undefined)) ?? Buffer.alloc(0),
      /** What a client makes of the acceptor's answer. */
      proves: async (answer: Buffer) => {
        await initiator.step(answer);
        return initiator.established;
      },
      close() {
        initiator.close();
        credentials.close();
      },
    };
  } catch (error) {
    initiator.close();
    credentials.close();
    throw error;
  }
}

async function accepting<T>(use: (acceptors: KerberosAcceptors) => Promise<T>): Promise<T> {
  const kerberos = await openKerberos();
  const acceptors = await kerberos.acceptors(labFile('gateway.keytab'));
  try {
    return await use(acceptors);
  } finally {
    acceptors.close();
  }
}

function judge(
  acceptors: KerberosAcceptors,
  token: Buffer,
  policy: ChannelBindingPolicy = 'when-sent',
): AcceptOutcome {
  const acceptor = acceptors.create({ policy, data: binding });
  try {
    return acceptor.step(token);
  } finally {
    acceptor.close();
  }
}

describeInLab('an acceptor', () => {
  test('names the client and proves itself to it', () =>
    accepting(async (acceptors) => {
      expect(acceptors.principals).toEqual(['HTTP/gateway.lab.test@LAB.TEST']);
      const client = await firstToken(binding);
      const outcome = judge(acceptors, client.token, 'required');
      expect(outcome).toMatchObject({
        kind: 'accepted',
        principal: 'svc-scep@LAB.TEST',
        channelBound: true,
      });
      expect(outcome.kind === 'accepted' && (await client.proves(outcome.token))).toBe(true);
      client.close();
    }));

  test.each([
    ['required', undefined, { kind: 'refused', why: 'channel-binding' }],
    ['required', otherBinding, { kind: 'refused', why: 'channel-binding' }],
    ['when-sent', undefined, { kind: 'accepted', channelBound: false }],
    ['when-sent', otherBinding, { kind: 'refused', why: 'channel-binding' }],
    ['off', otherBinding, { kind: 'accepted', channelBound: false }],
  ] as const)('policy %s, client bound to %s', (policy, sent, expected) =>
    accepting(async (acceptors) => {
      const client = await firstToken(sent);
      expect(judge(acceptors, client.token, policy)).toMatchObject(expected);
      client.close();
    }),
  );

  test('takes no ticket twice', () =>
    accepting(async (acceptors) => {
      const client = await firstToken(binding);
      expect(judge(acceptors, client.token)).toMatchObject({ kind: 'accepted' });
      expect(judge(acceptors, client.token)).toMatchObject({ kind: 'refused', why: 'replay' });
      client.close();
    }));

  test('takes no ticket for another service, and says that it lacks the key', () =>
    accepting(async (acceptors) => {
      const client = await firstToken(binding, 'HTTP/ca1.lab.test');
      const outcome = judge(acceptors, client.token);
      expect(outcome).toMatchObject({
        kind: 'refused',
        why: 'key',
        reason: expect.stringContaining('HTTP/ca1.lab.test') as unknown,
      });
      client.close();
    }));

  test('answers anything else with a refusal, cut or altered tickets too', () =>
    accepting(async (acceptors) => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
          expect(judge(acceptors, Buffer.from(bytes)).kind).toBe('refused');
        }),
        { numRuns: 200 },
      );
      const client = await firstToken(binding);
      const { token } = client;
      fc.assert(
        fc.property(fc.nat(token.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
          const altered = Buffer.from(token);
          altered.writeUInt8(altered.readUInt8(at) ^ change, at);
          expect(judge(acceptors, altered, 'required').kind).not.toBe(undefined);
          expect(judge(acceptors, token.subarray(0, at)).kind).not.toBe('accepted');
        }),
        { numRuns: 300 },
      );
      client.close();
      for (const ntlm of [Buffer.from('NTLMSSP\0\x01\0\0\0'), Buffer.alloc(70_000, 0x60)]) {
        expect(judge(acceptors, ntlm)).toMatchObject({ kind: 'refused', why: 'token' });
      }
    }));

  test('keeps no memory of ten thousand refusals', () =>
    accepting(async (acceptors) => {
      const client = await firstToken(otherBinding);
      const { token } = client;
      const rounds = (count: number) => {
        for (let round = 0; round < count; round++) judge(acceptors, token, 'required');
        return process.memoryUsage.rss();
      };
      const before = rounds(2000);
      expect(rounds(10_000) - before).toBeLessThan(16 * 2 ** 20);
      client.close();
    }));

  test('does not open without a keytab, or with one that holds no key', async () => {
    const kerberos = await openKerberos();
    const refused = expect.objectContaining({ code: 'kerberos.credentials' });
    await expect(kerberos.acceptors(labFile('gone.keytab'))).rejects.toEqual(refused);
    await expect(kerberos.acceptors(labFile('krb5.conf'))).rejects.toEqual(refused);
  });
});
