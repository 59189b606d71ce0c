import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { der, tag } from '../../src/asn1/index.js';
import { GatewayError } from '../../src/errors/index.js';
import { readBundle, type Pkcs7Codec } from '../../src/pkcs7/index.js';
import type { Certificate } from '../../src/x509/index.js';
import { selfSigned } from '../support/certificates.js';
import { testKey } from '../support/keys.js';
import {
  attributeOids,
  issuerAndSerial,
  issuerAndSubject,
  testDevice,
  testRequest,
  wire,
  type ReadReply,
  type TestSigner,
} from '../support/pki-message.js';
import { codecs, correlationId, scenario } from './scenario.js';

const reference = ` (reference ${correlationId})`;

const uniformText =
  'The message failed its cryptographic checks: signature, encryption or proof of possession. ' +
  `Fetch the CA certificates again (GetCACert) and repeat the request.${reference}`;

describe.each(codecs.map((codec) => [codec.name, codec] as const))(
  'PKIOperation, %s',
  (_n, codec) => {
    describe('answers', () => {
      test.each([
        [wire.PKCSReq, 'any'],
        [wire.RenewalReq, 'renewal'],
      ])(
        'messageType %s: SUCCESS with the certificate for the client alone',
        async (messageType, intent) => {
          const s = await scenario({}, codec);
          const senderNonce = Buffer.alloc(16, 7);
          const reply = await s.exchange({ messageType, senderNonce, transactionId: 'abc+/=' });
          expect(reply).toMatchObject({
            messageType: '3',
            pkiStatus: '0',
            failInfo: undefined,
            failInfoText: undefined,
            transactionId: 'abc+/=',
            recipientNonce: senderNonce,
            digest: 'sha256',
          });
          expect(reply.senderNonce).toHaveLength(16);
          expect(reply.message.certificates.map(({ der }) => der)).toEqual([
            s.authority.raSigning.certificate.der,
          ]);
          const issued = await certificatesIn(reply, s.device, codec);
          expect(issued).toHaveLength(1);
          expect(issued[0]?.der).toEqual(s.enrollment.certificates[0]?.der);
          expect(s.enrollment.enrolled).toMatchObject([
            {
              profile: 'default',
              transactionId: Buffer.from('abc+/='),
              intent,
              csr: { der: s.csr },
              signer: { der: s.device.certificate.der },
              client: { correlationId },
            },
          ]);
          expect(s.events).toMatchObject([
            {
              outcome: 'success',
              transactionId: 'abc+/=',
              cipher: 'aes-128-cbc',
              digest: 'sha256',
            },
          ]);
        },
      );

      test.each([wire.PKCSReq, wire.RenewalReq, wire.CertPoll])(
        'messageType %s: PENDING without content',
        async (messageType) => {
          const s = await scenario({}, codec);
          s.enrollment.outcome = { kind: 'pending' };
          const reply = await s.exchange({ messageType });
          expect(reply).toMatchObject({ pkiStatus: '3', failInfo: undefined, content: undefined });
        },
      );

      test.each([wire.PKCSReq, wire.RenewalReq, wire.CertPoll])(
        'messageType %s: FAILURE with the reason and a reference',
        async (messageType) => {
          const s = await scenario({}, codec);
          const text = 'The challenge password is wrong, spent or expired.';
          s.enrollment.outcome = { kind: 'rejected', code: 'challenge.refused', text };
          const reply = await s.exchange({ messageType });
          expect(reply).toMatchObject({
            pkiStatus: '2',
            failInfo: '2',
            failInfoText: `${text}${reference}`,
            content: undefined,
          });
          expect(s.events).toMatchObject([{ outcome: 'failure', code: 'challenge.refused' }]);
        },
      );

      test.each([wire.PKCSReq, wire.CertPoll])(
        'messageType %s: an outage is 503 with Retry-After, never FAILURE',
        async (messageType) => {
          const s = await scenario({}, codec);
          s.enrollment.outcome = { kind: 'unavailable', retryAfterSeconds: 30 };
          const response = await s.post(await s.message({ messageType }));
          expect(response).toMatchObject({ status: 503, retryAfterSeconds: 30 });
        },
      );

      test('a rejection for overload leaves by HTTP', async () => {
        const s = await scenario({}, codec);
        s.enrollment.outcome = {
          kind: 'rejected',
          code: 'enrollment.pending-limit',
          text: 'Full.',
        };
        await expect(s.post(await s.message())).rejects.toMatchObject({
          code: 'enrollment.pending-limit',
        });
      });

      test('CertPoll: SUCCESS once issued, whoever the poll names and whatever it is encrypted to', async () => {
        const s = await scenario({}, codec);
        await s.exchange();
        const [certificate] = s.enrollment.certificates;
        s.enrollment.outcome = { kind: 'issued', certificate: certificate!, chain: [] };
        const reply = await s.exchange({
          messageType: wire.CertPoll,
          recipients: [s.authority.ca.certificate],
          content: issuerAndSubject(s.authority.raSigning.certificate, s.device.certificate),
        });
        expect(reply.pkiStatus).toBe('0');
        expect((await certificatesIn(reply, s.device, codec))[0]?.der).toEqual(certificate?.der);
        expect(s.enrollment.polled).toMatchObject([
          { profile: 'default', transactionId: Buffer.from('transaction-1') },
        ]);
      });

      test('GetCert: SUCCESS with the certificate asked for, badCertId for another', async () => {
        const s = await scenario({}, codec);
        await s.exchange();
        const [certificate] = s.enrollment.certificates;
        const found = await s.exchange({
          messageType: wire.GetCert,
          content: issuerAndSerial(certificate!),
        });
        expect(found.pkiStatus).toBe('0');
        expect((await certificatesIn(found, s.device, codec)).map(({ der }) => der)).toEqual([
          certificate?.der,
        ]);
        for (const other of [s.device.certificate, s.authority.raSigning.certificate]) {
          const reply = await s.exchange({
            messageType: wire.GetCert,
            content: issuerAndSerial(other),
          });
          expect(reply).toMatchObject({
            pkiStatus: '2',
            failInfo: '4',
            failInfoText: `No certificate with this issuer and serial is known.${reference}`,
          });
        }
      });

      test('GetCRL: SUCCESS with the CRL, badCertId for a foreign CA', async () => {
        const s = await scenario({}, codec);
        s.enrollment.crl = der.sequence(der.sequence(der.unsignedInteger(1)), der.nul());
        const ours = await s.exchange({
          messageType: wire.GetCRL,
          content: issuerAndSerial(s.authority.raSigning.certificate),
        });
        expect(ours.pkiStatus).toBe('0');
        const opened = await open(ours, s.device, codec);
        expect(readBundle(opened)).toMatchObject({ certificates: [], crls: [s.enrollment.crl] });
        const foreign = await s.exchange({
          messageType: wire.GetCRL,
          content: issuerAndSerial(s.device.certificate),
        });
        expect(foreign).toMatchObject({
          failInfo: '4',
          failInfoText: `No CRL of this issuer is known.${reference}`,
        });
      });

      test.each([
        [wire.UpdateReq, 'UpdateReq (18)'],
        [wire.CertRep, 'CertRep (3)'],
        ['99', '"99"'],
        ['nonsense', '"nonsense"'],
        ['1'.repeat(30), `"${'1'.repeat(20)}"`],
      ])('messageType %s is refused by name and reaches nothing', async (messageType, name) => {
        const s = await scenario({}, codec);
        const reply = await s.exchange({ messageType });
        expect(reply).toMatchObject({
          pkiStatus: '2',
          failInfo: '2',
          failInfoText: `The messageType ${name} is not served here.${reference}`,
        });
        expect(s.enrollment.enrolled).toEqual([]);
        expect(s.enrollment.polled).toEqual([]);
      });
    });

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

    describe('shapes of a profile', () => {
      test.each([
        ['leaf', 1],
        ['leaf-and-issuer', 2],
        ['chain', 3],
      ] as const)('replyCertificates %s, leaf first', async (replyCertificates, count) => {
        const s = await scenario({ replyCertificates }, codec);
        const leaf = s.device.certificate;
        const chain = [s.authority.raSigning.certificate, s.authority.ca.certificate];
        s.enrollment.outcome = { kind: 'issued', certificate: leaf, chain };
        const reply = await s.exchange();
        const sent = await certificatesIn(reply, s.device, codec);
        expect(sent.map(({ der }) => der)).toEqual(
          [leaf, ...chain].slice(0, count).map(({ der }) => der),
        );
      });

      test('without signer certificate, as NDES replies', async () => {
        const s = await scenario({ includeSigner: false }, codec);
        const reply = await s.exchange();
        expect(reply.message.certificates).toEqual([]);
        expect(reply.pkiStatus).toBe('0');
      });

      test('failureContent nul: one zero octet, in FAILURE and PENDING', async () => {
        const s = await scenario({ failureContent: 'nul' }, codec);
        expect((await s.exchange({ messageType: '99' })).content).toEqual(Buffer.from([0]));
        s.enrollment.outcome = { kind: 'pending' };
        expect((await s.exchange()).content).toEqual(Buffer.from([0]));
      });

      test('microsoftAttributes: E_INVALIDARG on failure, "Issued" on success', async () => {
        const s = await scenario({ microsoftAttributes: true }, codec);
        const failed = await s.exchange({ messageType: '99' });
        expect(failed.attribute('1.3.6.1.4.1.311.21.33')).toEqual(
          der.printableString('-2147024809'),
        );
        expect(failed.attribute('1.3.6.1.4.1.311.21.38')).toBeUndefined();
        const issued = await s.exchange();
        expect(issued.attribute('1.3.6.1.4.1.311.21.38')).toEqual(der.utf8String('Issued'));
        expect(issued.attribute('1.3.6.1.4.1.311.21.33')).toBeUndefined();
      });

      test('none of it by default', async () => {
        const s = await scenario({}, codec);
        const failed = await s.exchange({ messageType: '99' });
        expect(failed.attribute('1.3.6.1.4.1.311.21.33')).toBeUndefined();
      });
    });

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

    describe('clients whose key cannot decrypt', () => {
      test.each(['client-p-256', 'client-p-384', 'client-p-521'] as const)(
        '%s: the challenge is the password',
        async (key) => {
          const s = await scenario({}, codec);
          const signer = await testDevice(key);
          const reply = await s.exchange({ signer, content: await testRequest(signer) });
          expect(reply.pkiStatus).toBe('0');
          const opened = await codec.openEnvelope(codec.readEnvelope(reply.content!), {
            recipients: [],
            password: 'C0FFEE00C0FFEE00',
          });
          expect(readBundle(opened.content).certificates.map(({ der }) => der)).toEqual([
            s.enrollment.certificates[0]?.der,
          ]);
        },
      );

      test('without a challenge nothing is issued', async () => {
        const s = await scenario({}, codec);
        const signer = await testDevice('client-p-256');
        const content = await testRequest(signer, { challengePassword: '' });
        const reply = await s.exchange({ signer, content, messageType: wire.RenewalReq });
        expect(reply).toMatchObject({
          pkiStatus: '2',
          failInfo: '0',
          failInfoText:
            "A reply cannot be encrypted to the signer's key (EC P-256). " +
            `Send a challengePassword with the request, or use an RSA key.${reference}`,
        });
        expect(s.enrollment.enrolled).toEqual([]);
      });

      test("a stranger's request in an EC-signed message yields no password envelope to guess with", async () => {
        const s = await scenario({}, codec);
        const attacker = await testDevice('client-p-256', 'CN=attacker');
        const reply = await s.exchange({ signer: attacker });
        expect(reply).toMatchObject({
          failInfo: '0',
          failInfoText:
            "A reply cannot be encrypted to the signer's key (EC P-256). " +
            `Sign the message with the requested key, or use an RSA key.${reference}`,
        });
        expect(s.enrollment.enrolled).toEqual([]);
      });

      test('renewal with a new key, signed by a certificate of ours', async () => {
        const s = await scenario({}, codec);
        const signer = await testDevice('client-p-256');
        s.enrollment.certificates.push(signer.certificate);
        const next = await testDevice('client-p-384');
        const content = await testRequest(next, { challengePassword: 'chosen by the client' });
        const reply = await s.exchange({ signer, content, messageType: wire.RenewalReq });
        expect(reply.pkiStatus).toBe('0');
      });

      test('CertPoll: encrypted with the challenge that enrollment kept', async () => {
        const s = await scenario({}, codec);
        const signer = await testDevice('client-p-256');
        const certificate = signer.certificate;
        s.enrollment.outcome = {
          kind: 'issued',
          certificate,
          chain: [],
          challengePassword: 'C0FFEE00C0FFEE00',
        };
        const reply = await s.exchange({ signer, messageType: wire.CertPoll });
        const { content } = await codec.openEnvelope(codec.readEnvelope(reply.content!), {
          recipients: [],
          password: 'C0FFEE00C0FFEE00',
        });
        expect(readBundle(content).certificates).toHaveLength(1);
      });

      test('CertPoll without one: the client is told to send its request again', async () => {
        const s = await scenario({}, codec);
        const signer = await testDevice('client-p-256');
        s.enrollment.outcome = { kind: 'issued', certificate: signer.certificate, chain: [] };
        const reply = await s.exchange({ signer, messageType: wire.CertPoll });
        expect(reply).toMatchObject({
          failInfo: '0',
          failInfoText:
            "A reply cannot be encrypted to the signer's key (EC P-256). The certificate is ready: " +
            `send the first request again, with its challengePassword.${reference}`,
        });
      });

      test.each([wire.GetCert, wire.GetCRL])(
        'messageType %s: refused before anything is decrypted',
        async (messageType) => {
          const s = await scenario({}, codec);
          const signer = await testDevice('client-p-256');
          for (const recipients of [
            [s.authority.raEncryption.certificate],
            [s.authority.ca.certificate],
          ]) {
            const reply = await s.exchange({ signer, messageType, recipients });
            expect(reply).toMatchObject({
              failInfo: '0',
              failInfoText:
                "A reply cannot be encrypted to the signer's key (EC P-256). " +
                `Sign the query with an RSA key.${reference}`,
            });
          }
        },
      );
    });

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

    describe('what no CertRep can answer', () => {
      test.each([
        ['nothing', undefined, 'It is empty.'],
        ['no octets', Buffer.alloc(0), 'It is empty.'],
        ['text', Buffer.from('operation=PKIOperation'), 'It is no CMS SignedData.'],
        ['a number', der.unsignedInteger(1), 'It is no CMS SignedData.'],
      ])('%s', async (_name, bytes, reason) => {
        const s = await scenario({}, codec);
        await expect(s.post(bytes)).rejects.toMatchObject({
          code: 'http.message',
          message: `This is no SCEP message. ${reason}`,
        });
      });

      test('a degenerate bundle, a truncated message, a message without transactionID', async () => {
        const s = await scenario({}, codec);
        const { body } = await s.get('GetCACert');
        await expect(s.post(body)).rejects.toMatchObject({
          code: 'http.message',
          message: 'This is no SCEP message. It is signed by nobody.',
        });
        const message = await s.message();
        for (const length of [1, 2, 10, 100, message.length - 1]) {
          await expect(s.post(message.subarray(0, length))).rejects.toMatchObject({
            code: 'http.message',
          });
        }
        const anonymous = await s.message({ attributes: { [attributeOids.transactionId]: null } });
        await expect(s.post(anonymous)).rejects.toMatchObject({
          message: 'This is no SCEP message. It has no transactionID.',
        });
      });

      test.each([
        ['empty', der.printableString('')],
        ['513 octets', der.printableString('9'.repeat(513))],
        ['an INTEGER', der.unsignedInteger(1)],
      ])('a transactionID that is %s', async (_name, value) => {
        const s = await scenario({}, codec);
        const message = await s.message({ attributes: { [attributeOids.transactionId]: value } });
        await expect(s.post(message)).rejects.toMatchObject({
          code: 'http.message',
          message: 'This is no SCEP message. Its transactionID cannot be used.',
        });
      });

      test('an unknown profile and an unknown operation', async () => {
        const s = await scenario({}, codec);
        const client = { correlationId, address: '192.0.2.1', userAgent: undefined };
        await expect(
          s.server.handle({ profile: 'other', operation: 'GetCACaps', message: undefined, client }),
        ).rejects.toMatchObject({ code: 'http.not-found' });
        await expect(s.get('GetCACertificate')).rejects.toMatchObject({
          code: 'http.operation',
          message: 'There is no SCEP operation "GetCACertificate".',
        });
      });

      test('an error of our own is not told as a fault of the message', async () => {
        const s = await scenario({}, codec);
        s.enrollment.enroll = () => Promise.reject(new TypeError('bug'));
        await expect(s.post(await s.message())).rejects.toThrow(TypeError);
        s.enrollment.enroll = () =>
          Promise.reject(new GatewayError('store.unavailable', 'The database is locked.'));
        await expect(s.post(await s.message())).rejects.toMatchObject({
          code: 'store.unavailable',
        });
      });
    });

    test('any octet of a PKCSReq may change: never another CSR, never another error', async () => {
      const s = await scenario({}, codec);
      const message = await s.message();
      await fc.assert(
        fc.asyncProperty(
          fc.nat(message.length - 1),
          fc.integer({ min: 1, max: 255 }),
          async (at, flip) => {
            const mutated = Buffer.from(message);
            mutated[at] = (mutated[at] ?? 0) ^ flip;
            try {
              expect((await s.post(mutated)).status).toBe(200);
            } catch (error) {
              expect(error).toBeInstanceOf(GatewayError);
              expect((error as GatewayError).class).toBe('transport');
            }
          },
        ),
        { numRuns: codec.name === 'fast' ? 400 : 80 },
      );
      for (const { csr } of s.enrollment.enrolled) expect(csr.der).toEqual(s.csr);
    });
  },
);

test('a certificate for which a key is known but a signer that is expired and v1 is served', async () => {
  const s = await scenario();
  const key = testKey('client');
  const certificate = await selfSigned(key, {
    version: 1,
    serial: Buffer.from([0xff, 0x01]),
    notBefore: new Date('2001-01-01T00:00:00Z'),
    notAfter: new Date('2001-01-02T00:00:00Z'),
  });
  expect((await s.exchange({ signer: { key, certificate } })).pkiStatus).toBe('0');
});

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

async function open(reply: ReadReply, device: TestSigner, codec: Pkcs7Codec): Promise<Buffer> {
  const opened = await codec.openEnvelope(codec.readEnvelope(reply.content!), {
    recipients: [device],
  });
  return opened.content;
}

async function certificatesIn(
  reply: ReadReply,
  device: TestSigner,
  codec: Pkcs7Codec,
): Promise<readonly Certificate[]> {
  return readBundle(await open(reply, device, codec)).certificates;
}

/** The octet at `index`, from the end where negative, with one bit turned. */
function flipped(bytes: Buffer, index: number): Buffer {
  const out = Buffer.from(bytes);
  const at = index < 0 ? out.length + index : index;
  out[at] = (out[at] ?? 0) ^ 1;
  return out;
}
