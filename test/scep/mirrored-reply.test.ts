import { describe, expect, test } from '@jest/globals';
import { der, tag } from '../../src/asn1/index.js';
import { attributeOids, testDevice } from '../support/pki-message.js';
import { certificatesIn, codecs, scenario } from './scenario.js';

describe.each(codecs.map((codec) => [codec.name, codec] as const))('a reply, %s', (_n, codec) => {
  describe('mirrors the request', () => {
    test.each(['sha1', 'sha256', 'sha384', 'sha512'] as const)('digest %s', async (digest) => {
      const s = await scenario({}, codec);
      expect(await s.exchange({ digest })).toMatchObject({ pkiStatus: '0', digest });
    });

    test.each(['des-ede3-cbc', 'aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc'] as const)(
      'cipher %s',
      async (cipher) => {
        const s = await scenario({}, codec);
        const reply = await s.exchange({ cipher });
        expect(codec.readEnvelope(reply.content!).cipher).toBe(cipher);
        expect(await certificatesIn(reply, s.device, codec)).toHaveLength(1);
      },
    );

    test('single DES and MD5 where the profile lets them in', async () => {
      const s = await scenario({ floor: { digests: ['md5'], ciphers: ['des-cbc'] } }, codec);
      const reply = await s.exchange({ digest: 'md5', cipher: 'des-cbc' });
      expect(reply).toMatchObject({ pkiStatus: '0', digest: 'md5' });
      expect(codec.readEnvelope(reply.content!).cipher).toBe('des-cbc');
    });

    test.each(['sha1', 'sha256'] as const)('OAEP with %s', async (digest) => {
      const s = await scenario({}, codec);
      const keyTransport = {
        kind: 'rsaes-oaep',
        digest,
        mgfDigest: digest,
        label: Buffer.alloc(0),
      } as const;
      const reply = await s.exchange({ keyTransport });
      expect(codec.readEnvelope(reply.content!).keyTransports).toEqual([keyTransport]);
      expect(await certificatesIn(reply, s.device, codec)).toHaveLength(1);
    });

    test('OAEP that does not fit the client key becomes PKCS#1 v1.5', async () => {
      const s = await scenario({}, codec);
      const small = await testDevice('client-1024');
      const reply = await s.exchange({
        signer: small,
        cipher: 'aes-256-cbc',
        keyTransport: {
          kind: 'rsaes-oaep',
          digest: 'sha512',
          mgfDigest: 'sha512',
          label: Buffer.alloc(0),
        },
      });
      expect(codec.readEnvelope(reply.content!).keyTransports).toEqual([
        { kind: 'rsaes-pkcs1-v1_5' },
      ]);
      expect(await certificatesIn(reply, small, codec)).toHaveLength(1);
    });

    test.each([
      ['PrintableString', der.printableString('T-1')],
      ['UTF8String', der.utf8String('Тест')],
      ['IA5String', der.ia5String('a_b@c')],
      ['OCTET STRING', der.octetString(Buffer.from([0, 255, 1]))],
      ['BMPString', der.element(tag.bmpString, Buffer.from([0, 65]))],
      ['512 octets', der.printableString('9'.repeat(512))],
    ])('transactionID as %s', async (_type, value) => {
      const s = await scenario({}, codec);
      const reply = await s.exchange({ attributes: { [attributeOids.transactionId]: value } });
      expect(reply.attribute(attributeOids.transactionId)).toEqual(value);
    });

    test.each([1, 8, 16, 64])('senderNonce of %d octets', async (length) => {
      const s = await scenario({}, codec);
      const senderNonce = Buffer.alloc(length, 0xab);
      const reply = await s.exchange({ senderNonce });
      expect(reply.recipientNonce).toEqual(senderNonce);
      expect(reply.senderNonce).not.toEqual(senderNonce);
    });

    test('no senderNonce: no recipientNonce', async () => {
      const s = await scenario({}, codec);
      const reply = await s.exchange({ senderNonce: null });
      expect(reply).toMatchObject({ pkiStatus: '0', recipientNonce: undefined });
    });
  });
});
