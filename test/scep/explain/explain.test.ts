import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { der } from '../../../src/asn1/index.js';
import { createFastCodec } from '../../../src/pkcs7/index.js';
import type { PkiMessageExplanation } from '../../../src/scep/index.js';
import { explainPkiMessage } from '../../../src/scep/explain/index.js';
import {
  attributeOids,
  issuerAndSerial,
  issuerAndSubject,
  testDevice,
  testRequest,
  wire,
  type PkiMessageOptions,
} from '../../support/pki-message.js';
import { codecs, scenario, type Scenario } from '../scenario.js';

describe.each(codecs.map((codec) => [codec.name, codec] as const))('explain, %s', (_n, codec) => {
  test('a good PKCSReq with the RA key at hand', async () => {
    const s = await scenario({}, codec);
    const found = await explained(s, { senderNonce: Buffer.alloc(16, 0xab) });
    expect(found).toMatchObject({
      what: 'PKCSReq (19)',
      signature: { digest: 'sha256', verified: true, signer: { der: s.device.certificate.der } },
      envelope: { cipher: 'aes-128-cbc', opened: true },
      content: { kind: 'request', csr: { der: s.csr } },
      problems: [],
    });
    const { certificate } = s.authority.raEncryption;
    expect(found.envelope?.recipients).toEqual([
      `CN=Test CA,O=Example serial ${certificate.serial} by RSAES-PKCS1-v1_5`,
    ]);
    expect(found.attributes).toEqual(
      expect.arrayContaining([
        { name: 'messageType', value: 'PKCSReq (19)' },
        { name: 'transactionID', value: 'transaction-1' },
        { name: 'senderNonce', value: 'ab'.repeat(16) },
        { name: 'contentType', value: '1.2.840.113549.1.7.1' },
      ]),
    );
    expect(JSON.stringify({ ...found, content: undefined })).not.toContain('C0FFEE00');
  });

  test('without a key the envelope stays closed, and that is no problem', async () => {
    const s = await scenario({}, codec);
    const found = await explainPkiMessage(await s.message(), { codec });
    expect(found).toMatchObject({ envelope: { opened: false }, content: undefined, problems: [] });
  });

  test('CertPoll, GetCert and GetCRL', async () => {
    const s = await scenario({}, codec);
    const { certificate } = s.device;
    expect(
      await explained(s, {
        messageType: wire.CertPoll,
        content: issuerAndSubject(s.authority.ca.certificate, certificate),
      }),
    ).toMatchObject({ what: 'CertPoll (20)', content: { kind: 'issuer-and-subject' } });
    for (const messageType of [wire.GetCert, wire.GetCRL]) {
      expect(
        await explained(s, { messageType, content: issuerAndSerial(certificate) }),
      ).toMatchObject({
        content: { kind: 'issuer-and-serial', serial: certificate.serial },
        problems: [],
      });
    }
  });

  test('replies, with the key of the device', async () => {
    const s = await scenario({}, codec);
    const success = await s.post(await s.message());
    const found = await explainPkiMessage(success.body, { codec, recipients: [s.device] });
    expect(found).toMatchObject({
      what: 'CertRep (3): SUCCESS',
      content: { kind: 'bundle', certificates: [{ der: s.enrollment.certificates[0]?.der }] },
      problems: [],
    });
    const refused = await s.post(await s.message({ messageType: '99' }));
    const failure = await explainPkiMessage(refused.body, { codec });
    expect(failure).toMatchObject({ what: 'CertRep (3): FAILURE', problems: [] });
    expect(failure.attributes).toEqual(
      expect.arrayContaining([
        { name: 'failInfo', value: 'badRequest' },
        {
          name: 'failInfoText',
          value: 'The messageType "99" is not served here. (reference ref-1)',
        },
      ]),
    );
  });

  test('a reply without its signer, as NDES sends it', async () => {
    const s = await scenario({ includeSigner: false }, codec);
    const { body } = await s.post(await s.message());
    expect((await explainPkiMessage(body, { codec })).problems).toEqual([
      'The certificate of the signer is not in the message, so nothing can be checked.',
    ]);
    const known = { codec, knownCertificates: [s.authority.raSigning.certificate] };
    expect(await explainPkiMessage(body, known)).toMatchObject({
      signature: { verified: true },
      problems: [],
    });
  });

  test('a bundle', async () => {
    const s = await scenario({}, codec);
    const found = await explainPkiMessage((await s.get('GetCACert')).body, { codec });
    expect(found).toMatchObject({ what: 'A bundle that nobody signed', problems: [] });
    expect(found.certificates).toHaveLength(3);
  });

  test('a reply of this server that names its faults: each problem has its sentence', async () => {
    const s = await scenario({}, codec);
    const other = await testDevice('client-2');
    const ec = await testDevice('client-p-256');
    const { ca, raEncryption } = s.authority;
    const cases: readonly [Partial<PkiMessageOptions>, readonly string[]][] = [
      [
        { signer: { certificate: s.device.certificate, key: other.key } },
        ['The signature does not verify.'],
      ],
      [
        { certificates: [] },
        ['The certificate of the signer is not in the message, so nothing can be checked.'],
      ],
      [
        { recipients: [ca.certificate] },
        [
          `The envelope cannot be opened. It is encrypted to: CN=Test CA,O=Example serial ${ca.certificate.serial}. ` +
            `Tried: CN=Test CA,O=Example serial ${raEncryption.certificate.serial}.`,
        ],
      ],
      [
        { content: await testRequest(s.device, { publicKey: other.key.publicKey }) },
        ['The CSR is not signed with its own key (proof of possession fails).'],
      ],
      [
        { content: await testRequest(s.device, { challengePassword: '' }) },
        ['There is no challengePassword, and the signer is self-signed: not authorized.'],
      ],
      [
        { messageType: wire.RenewalReq },
        ['A RenewalReq is signed with the certificate to renew; this signer is self-signed.'],
      ],
      [
        { signer: ec, content: await testRequest(ec, { challengePassword: '' }) },
        [
          'There is no challengePassword, and the signer is self-signed: not authorized.',
          "The signer's key (EC P-256) cannot decrypt a reply, and there is no challengePassword to encrypt it with.",
        ],
      ],
      [
        { digest: 'md5', cipher: 'des-cbc' },
        [
          'The digest MD5 is weak; SHA-256 is expected.',
          'The content cipher single DES is broken; AES is expected.',
        ],
      ],
      [
        { content: der.octetString(Buffer.from('hello')) },
        ['The decrypted content is not a CSR: The certification request cannot be read.'],
      ],
      [{ envelope: null }, ['There is no content, so no envelope.']],
      [{ messageType: '99' }, ['The messageType "99" is served by no SCEP server here.']],
      [
        {
          senderNonce: null,
          attributes: {
            [attributeOids.transactionId]: null,
            [attributeOids.messageType]: null,
          },
        },
        [
          'There is no transactionID: a server cannot answer this.',
          'There is no messageType.',
          'There is no senderNonce: replies can be replayed.',
        ],
      ],
      [
        { transactionId: '9'.repeat(513), senderNonce: Buffer.alloc(65) },
        [
          'The transactionID has 513 octets; 1 to 512 are accepted.',
          'The senderNonce has 65 octets; 1 to 64 are accepted.',
        ],
      ],
      [
        { messageType: wire.CertRep, envelope: null },
        [
          'There is no recipientNonce: the client cannot tell which message is answered.',
          'There is no pkiStatus.',
        ],
      ],
    ];
    for (const [options, problems] of cases) {
      expect((await explained(s, options)).problems).toEqual(problems);
    }
  });

  test('what is no message at all', async () => {
    expect(await explainPkiMessage(Buffer.from(' <html>'), { codec })).toMatchObject({
      what: 'No SCEP message',
      problems: [expect.any(String), 'It looks like a web page, not like a message.'],
    });
    expect((await explainPkiMessage(Buffer.alloc(0), { codec })).problems).toContain(
      'There are no octets at all.',
    );
  });

  test('is total: whatever octets change', async () => {
    const s = await scenario({}, codec);
    const message = await s.message();
    const options = { codec, recipients: [s.authority.raEncryption] };
    await fc.assert(
      fc.asyncProperty(fc.nat(message.length - 1), fc.nat(255), async (at, octet) => {
        const mutated = Buffer.from(message);
        mutated[at] = octet;
        const found = await explainPkiMessage(mutated, options);
        expect(found.what).not.toBe('');
        if (found.what === 'No SCEP message') expect(found.problems).not.toEqual([]);
        if (mutated.equals(message)) expect(found.problems).toEqual([]);
      }),
      { numRuns: codec.name === 'fast' ? 300 : 60 },
    );
  });

  async function explained(
    s: Scenario,
    options: Partial<PkiMessageOptions>,
  ): Promise<PkiMessageExplanation> {
    const recipients = [s.authority.raEncryption];
    return explainPkiMessage(await s.message(options), { codec, recipients });
  }
});

// pkijs reads no message with such an attribute.
test('explain, fast: shows an attribute that cannot be read as it came', async () => {
  const codec = createFastCodec();
  const s = await scenario({}, codec);
  const message = Buffer.from(await s.message());
  const contentType = der.setOf(der.oid('1.2.840.113549.1.7.1'));
  const at = message.indexOf(contentType) + contentType.length - 1;
  message[at] = 0x81;
  const { attributes } = await explainPkiMessage(message, { codec });
  expect(attributes).toContainEqual({
    name: 'contentType',
    value: message.subarray(at - 10, at + 1).toString('hex'),
  });
});
