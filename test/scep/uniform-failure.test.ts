import { describe, expect, test } from '@jest/globals';
import { der } from '../../src/asn1/index.js';
import {
  attributeOids,
  testDevice,
  testRequest,
  wire,
  type ReadReply,
} from '../support/pki-message.js';
import { codecs, scenario, uniformText } from './scenario.js';

describe.each(codecs.map((codec) => [codec.name, codec] as const))(
  'PKIOperation, %s',
  (_n, codec) => {
    describe('cryptographic faults all look alike', () => {
      test('bad signature, recipient, padding, content, CSR, proof of possession, attributes', async () => {
        const s = await scenario({}, codec);
        const senderNonce = Buffer.alloc(16, 1);
        const sealed = await codec.seal(s.csr, 'aes-128-cbc', [
          {
            kind: 'certificate',
            certificate: s.authority.raEncryption.certificate,
            keyTransport: { kind: 'rsaes-pkcs1-v1_5' },
          },
        ]);
        const other = await testDevice('client-2');
        const unproven = await testRequest(s.device, { publicKey: other.key.publicKey });
        const base = { senderNonce };
        const faulty: Readonly<Record<string, Buffer>> = {
          signature: flipped(await s.message(base), -1),
          signer: await s.message({ ...base, certificates: [] }),
          'wrong key': await s.message({
            ...base,
            signer: { certificate: s.device.certificate, key: other.key },
          }),
          recipient: await s.message({ ...base, recipients: [s.authority.ca.certificate] }),
          'password recipient': await s.message({
            ...base,
            envelope: await codec.seal(s.csr, 'aes-128-cbc', [{ kind: 'password', password: 'x' }]),
          }),
          padding: await s.message({ ...base, envelope: flipped(sealed, -17) }),
          truncated: await s.message({ ...base, envelope: sealed.subarray(0, -16) }),
          'no envelope': await s.message({ ...base, envelope: null }),
          'not an envelope': await s.message({ ...base, envelope: Buffer.from('hello') }),
          'CSR bytes': await s.message({ ...base, content: Buffer.from('no CSR at all') }),
          'CSR of nothing': await s.message({ ...base, content: Buffer.alloc(0) }),
          'proof of possession': await s.message({ ...base, content: unproven }),
          'proof, EC signer': await s.message({
            ...base,
            signer: await testDevice('client-p-256'),
            content: unproven,
          }),
          'GetCert of garbage': await s.message({ ...base, messageType: wire.GetCert }),
          'GetCRL of garbage': await s.message({
            ...base,
            messageType: wire.GetCRL,
            recipients: [s.authority.ca.certificate],
          }),
          'messageType missing': await s.message({
            ...base,
            attributes: { [attributeOids.messageType]: null },
          }),
          'messageType no string': await s.message({
            ...base,
            attributes: { [attributeOids.messageType]: der.unsignedInteger(19) },
          }),
        };
        const seen = new Set<string>();
        for (const [name, message] of Object.entries(faulty)) {
          const response = await s.post(message);
          const reply = s.reply(response);
          expect({ name, ...visible(reply) }).toEqual({
            name,
            messageType: '3',
            pkiStatus: '2',
            failInfo: '1',
            failInfoText: uniformText,
            transactionId: 'transaction-1',
            recipientNonce: senderNonce,
            digest: 'sha256',
            content: undefined,
          });
          seen.add(`${response.status} ${response.contentType} ${response.body.length}`);
        }
        expect(seen.size).toBe(1);
        expect(s.enrollment.enrolled).toEqual([]);
      });

      test.each([
        ['empty', der.octetString(Buffer.alloc(0))],
        ['65 octets', der.octetString(Buffer.alloc(65))],
        ['no OCTET STRING', der.printableString('nonce')],
      ])('a senderNonce that is %s is one of them, and is not echoed', async (_name, value) => {
        const s = await scenario({}, codec);
        const reply = await s.exchange({ attributes: { [attributeOids.senderNonce]: value } });
        expect(reply).toMatchObject({
          failInfo: '1',
          failInfoText: uniformText,
          recipientNonce: undefined,
        });
      });

      test('the log knows better than the device', async () => {
        const s = await scenario({}, codec);
        await s.exchange({ recipients: [s.authority.ca.certificate] });
        expect(s.events).toMatchObject([
          { outcome: 'failure', failInfo: 'badMessageCheck', code: 'cms.undecryptable' },
        ]);
        expect(JSON.stringify(s.events)).not.toContain('C0FFEE00');
      });
    });
  },
);

function visible(reply: ReadReply): Omit<ReadReply, 'message' | 'senderNonce' | 'attribute'> {
  const { messageType, pkiStatus, failInfo, failInfoText, transactionId } = reply;
  const { recipientNonce, digest, content } = reply;
  return {
    messageType,
    pkiStatus,
    failInfo,
    failInfoText,
    transactionId,
    recipientNonce,
    digest,
    content,
  };
}

/** The octet at `index`, from the end where negative, with one bit turned. */
function flipped(bytes: Buffer, index: number): Buffer {
  const out = Buffer.from(bytes);
  const at = index < 0 ? out.length + index : index;
  out[at] = (out[at] ?? 0) ^ 1;
  return out;
}
