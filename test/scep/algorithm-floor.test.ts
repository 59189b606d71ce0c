import { describe, expect, test } from '@jest/globals';
import { codecs, reference, scenario } from './scenario.js';

describe.each(codecs.map((codec) => [codec.name, codec] as const))(
  'algorithms, %s',
  (_n, codec) => {
    describe('below the floor', () => {
      test('single DES is refused by name before the envelope is opened', async () => {
        const s = await scenario({}, codec);
        const reply = await s.exchange({ cipher: 'des-cbc', recipients: [s.device.certificate] });
        expect(reply).toMatchObject({
          pkiStatus: '2',
          failInfo: '0',
          failInfoText: `The content cipher single DES is not allowed here. Allowed: 3DES, AES-128, AES-192, AES-256.${reference}`,
        });
        expect(s.enrollment.enrolled).toEqual([]);
      });

      test('MD5 is refused by name, and the reply is signed with SHA-256', async () => {
        const s = await scenario({}, codec);
        const reply = await s.exchange({ digest: 'md5' });
        expect(reply).toMatchObject({
          pkiStatus: '2',
          failInfo: '0',
          failInfoText: `The digest MD5 is not allowed here. Allowed: SHA-1, SHA-256, SHA-384, SHA-512.${reference}`,
          digest: 'sha256',
        });
      });

      test('a digest nobody here knows is refused by name all the same', async () => {
        const s = await scenario({}, codec);
        const senderNonce = Buffer.alloc(8, 3);
        const message = await s.message({ senderNonce });
        const sha256 = Buffer.from('0609608648016503040201', 'hex');
        const sha224 = Buffer.from(sha256);
        sha224[10] = 4;
        for (let at = 0; (at = message.indexOf(sha256, at)) >= 0;) sha224.copy(message, at);
        const reply = s.reply(await s.post(message));
        expect(reply).toMatchObject({
          pkiStatus: '2',
          failInfo: '0',
          failInfoText: `The digest is SHA-224, which is not supported.${reference}`,
          transactionId: 'transaction-1',
          recipientNonce: senderNonce,
          digest: 'sha256',
        });
        expect(s.events).toMatchObject([{ code: 'cms.algorithm', digest: undefined }]);
      });

      test('so is a content cipher nobody here knows', async () => {
        const s = await scenario({}, codec);
        const envelope = await codec.seal(s.csr, 'des-ede3-cbc', [
          {
            kind: 'certificate',
            certificate: s.authority.raEncryption.certificate,
            keyTransport: { kind: 'rsaes-pkcs1-v1_5' },
          },
        ]);
        const at = envelope.indexOf(Buffer.from('06082a864886f70d0307', 'hex'));
        envelope[at + 9] = 2;
        expect(await s.exchange({ envelope })).toMatchObject({
          failInfo: '0',
          failInfoText: `The content cipher is RC2-CBC, which is not supported.${reference}`,
        });
      });

      test('a floor without SHA-1 and 3DES', async () => {
        const s = await scenario(
          { floor: { digests: ['sha256'], ciphers: ['aes-256-cbc'] } },
          codec,
        );
        expect((await s.exchange({ digest: 'sha1' })).failInfo).toBe('0');
        expect((await s.exchange({ cipher: 'des-ede3-cbc' })).failInfoText).toBe(
          `The content cipher 3DES is not allowed here. Allowed: AES-256.${reference}`,
        );
        expect((await s.exchange({ cipher: 'aes-256-cbc' })).pkiStatus).toBe('0');
      });
    });
  },
);
