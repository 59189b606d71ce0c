import { describe, expect, test } from '@jest/globals';
import { der } from '../../src/asn1/index.js';
import { readBundle } from '../../src/pkcs7/pkijs/index.js';
import { selfSigned } from '../support/certificates.js';
import { testKey } from '../support/keys.js';
import { issuerAndSerial, issuerAndSubject, wire } from '../support/pki-message.js';
import {
  certificatesIn,
  codecs,
  correlationId,
  openReply,
  reference,
  scenario,
} from './scenario.js';

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
        const opened = await openReply(ours, s.device, codec);
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
