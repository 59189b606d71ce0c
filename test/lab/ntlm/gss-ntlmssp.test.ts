/** Our NTLM before gss-ntlmssp, which lets the domain controller judge the proof. */
import { expect, test } from '@jest/globals';
import { createNtlmClient, type NtlmClientOptions } from '../../../src/ntlm/index.js';
import { describeInLab } from '../in-lab.js';
import { hex, withOtherSide, type OtherSide } from '../kerberos/other-side.js';

const right = { user: 'svc-scep', domain: 'LAB', password: 'Scep-Passw0rd!' };
const binding = Buffer.from('tls-server-end-point:0123456789abcdef0123456789abcdef');

async function signIn(
  acceptor: OtherSide,
  credentials = right,
  options: NtlmClientOptions = { targetName: 'HTTP/ca1.lab.test' },
) {
  const client = createNtlmClient(credentials, options);
  const accept = (token: Buffer) => acceptor.tell({ do: 'accept', token: token.toString('hex') });
  const challenge = await accept(client.negotiate());
  if (challenge['error'] !== undefined) throw new Error(JSON.stringify(challenge));
  const { message, session } = client.authenticate(hex(challenge['token']));
  return { outcome: await accept(message), session };
}

describeInLab('NTLM before gss-ntlmssp', () => {
  test('proves who it is, also with characters beyond ASCII', async () => {
    for (const credentials of [
      right,
      { user: 'umlaut', domain: 'LAB', password: 'Pässwörd-€-1!' },
    ]) {
      await withOtherSide(undefined, async (acceptor) => {
        const { outcome } = await signIn(acceptor, credentials);
        expect(outcome).toMatchObject({ complete: true });
        // gss-ntlmssp leaves an octet of its own behind the name.
        expect(outcome['initiator']).toContain(`LAB\\${credentials.user}`);
      });
    }
  });

  test('is refused with a wrong password', async () => {
    await withOtherSide(undefined, async (acceptor) => {
      const { outcome } = await signIn(acceptor, { ...right, user: 'stranger', password: 'wrong' });
      expect(outcome['error']).toMatch(/Error/);
    });
  });

  test('is bound to its channel, and refused on another', async () => {
    await withOtherSide(binding, async (acceptor) => {
      const { outcome } = await signIn(acceptor, right, { channelBinding: binding });
      expect(outcome).toMatchObject({ complete: true, bound: true });
    });
    await withOtherSide(binding, async (acceptor) => {
      const { outcome } = await signIn(acceptor, right, { channelBinding: Buffer.from('other') });
      expect(outcome['error']).toMatch(/Error/);
    });
  });

  test('seals both ways, message after message', async () => {
    await withOtherSide(undefined, async (acceptor) => {
      const { session } = await signIn(acceptor);
      if (!session) throw new Error('no session');
      for (const size of [1, 16, 4000, 3]) {
        const plaintext = Buffer.alloc(size, 'abcdefgh');
        const { sealed, signature } = session.seal(plaintext);
        const message = Buffer.concat([signature, sealed]).toString('hex');
        const answer = hex((await acceptor.tell({ do: 'echo', message }))['message']);
        const opened = session.unseal(answer.subarray(16), answer.subarray(0, 16));
        expect(opened).toEqual(Buffer.from(plaintext).reverse());
      }
    });
  });
});
