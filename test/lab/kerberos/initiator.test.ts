import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import {
  openKerberos,
  type KerberosInitiator,
  type KerberosTarget,
} from '../../../src/kerberos/index.js';
import { describeInLab, labFile } from '../in-lab.js';
import { run } from '../run.js';
import { hex, withOtherSide, type OtherSide } from './other-side.js';

const spn = 'HTTP/ca1.lab.test';
const principal = 'svc-scep@LAB.TEST';
const binding = bindingOf('a certificate');

function bindingOf(certificate: string): Buffer {
  const digest = createHash('sha256').update(certificate).digest();
  return Buffer.concat([Buffer.from('tls-server-end-point:'), digest]);
}

async function withInitiator(
  target: Partial<KerberosTarget>,
  use: (initiator: KerberosInitiator) => Promise<void>,
): Promise<void> {
  const kerberos = await openKerberos();
  const keytab = labFile('svc-scep.keytab');
  const credentials = kerberos.initiators({ kind: 'keytab', keytab, principal });
  const initiator = credentials.create({ spn, channelBinding: undefined, ...target });
  try {
    await use(initiator);
  } finally {
    initiator.close();
    credentials.close();
  }
}

/** An initiator of ours and an acceptor that is not, introduced to each other. */
async function withContext(
  target: Partial<KerberosTarget>,
  channelBinding: Buffer | undefined,
  use: (
    initiator: KerberosInitiator,
    acceptor: OtherSide,
    answer: Readonly<Record<string, unknown>>,
  ) => Promise<void> | void,
): Promise<void> {
  await withOtherSide(channelBinding, (acceptor) =>
    withInitiator(target, async (initiator) =>
      use(initiator, acceptor, await establish(initiator, acceptor)),
    ),
  );
}

/** Legs until neither has anything to say; the acceptor's last answer. */
async function establish(
  initiator: KerberosInitiator,
  acceptor: OtherSide,
): Promise<Readonly<Record<string, unknown>>> {
  let token = await initiator.step(undefined);
  for (let leg = 0; leg < 5; leg++) {
    const answer = await acceptor.tell({ do: 'accept', token: token?.toString('hex') ?? '' });
    if (answer['error'] !== undefined) return answer;
    if (!initiator.established) token = await initiator.step(hex(answer['token']));
    else token = undefined;
    if (answer['complete'] === true && token === undefined) return answer;
  }
  throw new Error('too many legs');
}

describeInLab('an initiator', () => {
  test('signs in with a keytab, both sides proven, and the channel bound', () =>
    withContext({ channelBinding: binding }, binding, (initiator, _, answer) => {
      expect(answer).toMatchObject({ initiator: principal, bound: true, complete: true });
      expect(initiator.established).toBe(true);
    }));

  test('is not bound without a binding, and refused with that of another channel', async () => {
    await withContext({}, binding, (_initiator, _acceptor, answer) => {
      expect(answer).toMatchObject({ bound: false });
    });
    const channelBinding = bindingOf('another certificate');
    await withContext({ channelBinding }, binding, (_initiator, _acceptor, answer) => {
      expect(answer).toMatchObject({
        error: expect.stringContaining('BadChannelBindings') as unknown,
      });
    });
  });

  test('seals messages both ways, and opens no altered or repeated one', () =>
    withContext({}, undefined, async (initiator, acceptor) => {
      const { protection } = initiator;
      const message = Buffer.from('abc'.repeat(5000));
      const sealed = protection.wrap(message);
      expect(sealed.includes('abcabc')).toBe(false);
      const answer = await acceptor.tell({ do: 'echo', message: sealed.toString('hex') });
      const altered = hex(answer['message']);
      altered.writeUInt8(altered.readUInt8(40) ^ 1, 40);
      const refused = expect.objectContaining({ code: 'kerberos.refused' });
      expect(() => protection.unwrap(altered)).toThrow(refused);
      expect(protection.unwrap(hex(answer['message']))).toEqual(message.reverse());
      expect(() => protection.unwrap(hex(answer['message']))).toThrow(refused);
      initiator.close();
      expect(() => protection.wrap(message)).toThrow(RangeError);
    }));

  test.each(['krb5', 'spnego'] as const)(
    'seals the PDUs of DCE/RPC with header signing (%s)',
    (mechanism) =>
      withContext({ mechanism, dceStyle: true }, undefined, async (initiator, acceptor) => {
        const { protection } = initiator;
        const header = Buffer.from('05000003'.repeat(6), 'hex');
        const trailer = Buffer.from('0906000000000000', 'hex');
        const exchange = (stub: Buffer) => {
          const { stub: sealed, signature } = protection.sealPdu({ header, stub, trailer });
          expect(signature).toHaveLength(protection.signatureLength(stub.length));
          expect(sealed).toHaveLength(stub.length);
          expect(sealed.equals(stub)).toBe(false);
          return acceptor.tell({
            do: 'pdu',
            header: header.toString('hex'),
            trailer: trailer.toString('hex'),
            stub: sealed.toString('hex'),
            signature: signature.toString('hex'),
          });
        };
        for (let count = 0; count < 3; count++) {
          const stub = Buffer.from(`0123456789abcdef`.repeat(40 + count));
          const answer = await exchange(stub);
          expect(hex(answer['received'])).toEqual(stub);
          const sealed = { stub: hex(answer['stub']), signature: hex(answer['signature']) };
          expect(protection.unsealPdu({ header, trailer, ...sealed })).toEqual(stub.reverse());
        }
        const last = await exchange(Buffer.alloc(32, 'x'));
        const sealed = { stub: hex(last['stub']), signature: hex(last['signature']) };
        const forged = Buffer.from(header);
        forged.writeUInt8(1, 3);
        expect(() => protection.unsealPdu({ header: forged, trailer, ...sealed })).toThrow(
          expect.objectContaining({ code: 'kerberos.refused' }),
        );
      }),
  );

  test('uses the tickets of a credential cache', async () => {
    const ccache = `FILE:${labFile('cc-initiator')}`;
    await run('kinit', ['-c', ccache, '-kt', labFile('svc-scep.keytab'), 'svc-scep']);
    const kerberos = await openKerberos();
    const credentials = kerberos.initiators({ kind: 'ccache', ccache });
    const initiator = credentials.create({ spn, channelBinding: undefined });
    try {
      await withOtherSide(undefined, async (acceptor) => {
        expect(await establish(initiator, acceptor)).toMatchObject({ initiator: principal });
      });
    } finally {
      initiator.close();
      credentials.close();
    }
  });
});

describeInLab('what goes wrong', () => {
  async function failure(
    credentials: { keytab: string; principal: string } | { ccache: string },
    target = spn,
  ): Promise<unknown> {
    const kerberos = await openKerberos();
    const made = kerberos.initiators(
      'ccache' in credentials
        ? { kind: 'ccache', ...credentials }
        : { kind: 'keytab', ...credentials },
    );
    const initiator = made.create({ spn: target, channelBinding: undefined });
    try {
      return await initiator.step(undefined);
    } catch (error) {
      return error;
    } finally {
      initiator.close();
      made.close();
    }
  }

  test.each([
    ['no keytab', 'gone.keytab', principal, spn, 'kerberos.credentials', /gone\.keytab/],
    [
      'no such principal in it',
      'svc-scep.keytab',
      'mdm@LAB.TEST',
      spn,
      'kerberos.credentials',
      /mdm/,
    ],
    [
      'no such service',
      'svc-scep.keytab',
      principal,
      'HTTP/nobody.lab.test',
      'kerberos.refused',
      /not found in Kerberos database/,
    ],
    [
      'a key the domain has not',
      'wrong-key.keytab',
      principal,
      spn,
      'kerberos.refused',
      /keytab|Preauthentication|integrity/i,
    ],
  ])('%s', async (_, keytab, as, target, code, message) => {
    await wrongKey();
    const error = await failure({ keytab: labFile(keytab), principal: as }, target);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as unknown });
  });

  test('no credential cache', async () => {
    const error = await failure({ ccache: `FILE:${labFile('no-such-cache')}` });
    expect(error).toMatchObject({ code: 'kerberos.credentials' });
  });
});

/** A keytab with a key of another password. */
async function wrongKey(): Promise<void> {
  const orders = [
    `add_entry -password -p ${principal} -k 2 -e aes256-cts-hmac-sha1-96`,
    'not the password',
    `write_kt ${labFile('wrong-key.keytab')}`,
    'quit',
  ];
  await run('ktutil', [], { input: `${orders.join('\n')}\n` });
}
