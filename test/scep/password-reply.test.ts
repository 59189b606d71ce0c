import { describe, expect, test } from '@jest/globals';
import { readBundle } from '../../src/pkcs7/pkijs/index.js';
import { testDevice, testRequest, wire } from '../support/pki-message.js';
import { codecs, reference, scenario } from './scenario.js';

describe.each(codecs.map((codec) => [codec.name, codec] as const))('a reply, %s', (_n, codec) => {
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
});
