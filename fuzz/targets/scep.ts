/** What SCEP reads besides CMS: attributes, what a relay looks at, and a server's answers to a client. */
import { createFastCodec } from '../../src/pkcs7/index.js';
import { parseCapabilities, readAuthority } from '../../src/scep/client/index.js';
import { parseIssuerAndSerial } from '../../src/scep/issuer-and-serial.js';
import { readRelayedRequest } from '../../src/scep/relay/relayed-request.js';
import { readCertRep } from '../../src/scep/client/cert-rep.js';
import { receiveMessage } from '../../src/scep/pki-message.js';
import { salvageAttributes } from '../../src/scep/salvaged-attributes.js';
import { fixedAuthority } from '../../test/support/fixed-authority.js';
import { attributeOids, issuerAndSerial } from '../../test/support/pki-message.js';
import { der } from '../../src/asn1/index.js';
import { bundleExamples, certificateExamples, messageExamples } from '../examples.js';
import { mutateDer } from '../mutators/der.js';
import { textMutator } from '../mutators/text.js';
import type { Target } from '../target.js';

const codec = createFastCodec();

export const targets: readonly Target[] = [
  {
    name: 'scep-attributes',
    about: 'a pkiMessage up to its attributes: transactionID, nonce, what is salvaged of odd ones',
    prepare: () => ({
      seeds: messageExamples(),
      mutate: mutateDer,
      refuses: ['http.message', 'asn1.*'],
      run: (input) => {
        salvageAttributes(input);
        const { transactionId, senderNonce, body } = receiveMessage(codec, input);
        if (transactionId.octets.length > 512) throw new Error('a transactionID beyond its limit');
        if (senderNonce !== undefined && senderNonce.length > 64) throw new Error('a long nonce');
        return body.kind;
      },
    }),
  },
  {
    name: 'scep-relay',
    about: 'a message on its way to an upstream server, seen from outside',
    prepare: () => ({
      seeds: messageExamples(),
      mutate: mutateDer,
      refuses: ['http.message', 'asn1.*'],
      run: (input) => readRelayedRequest(codec, input).messageType,
    }),
  },
  {
    name: 'scep-reply',
    about: 'a CertRep of an upstream server, as the relay and the client read it',
    prepare: async () => {
      const { ca, ra } = await fixedAuthority();
      const authority = {
        certificates: [ra.certificate, ca.certificate],
        recipient: ra.certificate,
        issuer: ca.certificate.subject,
      };
      const expected = { authority, transactionId: 'T', senderNonce: Buffer.alloc(16, 7) };
      const attribute = (oid: string, value: Buffer) => ({ oid, value });
      const reply = (status: string, ...more: ReturnType<typeof attribute>[]): Promise<Buffer> =>
        codec.sign({
          content: status === '0' ? Buffer.from('3000', 'hex') : undefined,
          digest: 'sha256',
          attributes: [
            attribute(attributeOids.messageType, der.printableString('3')),
            attribute(attributeOids.transactionId, der.printableString('T')),
            attribute(attributeOids.pkiStatus, der.printableString(status)),
            attribute(attributeOids.senderNonce, der.octetString(Buffer.alloc(16, 9))),
            attribute(attributeOids.recipientNonce, der.octetString(expected.senderNonce)),
            ...more,
          ],
          signer: ra,
          certificates: [],
        });
      return {
        seeds: [
          await reply('0'),
          await reply('3'),
          await reply('2', attribute(attributeOids.failInfo, der.printableString('1'))),
          await reply('2', attribute(attributeOids.failInfoText, der.utf8String('no'))),
        ],
        mutate: mutateDer,
        refuses: ['scep.reply'],
        run: (input) => readCertRep(input, expected, codec).kind,
      };
    },
  },
  {
    name: 'scep-authority',
    about: 'GetCACert of an upstream server',
    pace: 0.3,
    prepare: async () => ({
      seeds: [
        ...(await bundleExamples()),
        ...(await certificateExamples()).map((certificate) => certificate.der),
      ],
      mutate: mutateDer,
      refuses: ['scep.reply', 'asn1.*', 'x509.malformed', 'cms.*'],
      library: true,
      run: (input) => {
        const { certificates } = readAuthority(input, undefined);
        return `ok ${Math.min(certificates.length, 3)}`;
      },
    }),
  },
  {
    name: 'scep-capabilities',
    about: 'GetCACaps of an upstream server',
    pace: 0.5,
    prepare: () => ({
      seeds: [Buffer.from('AES\nPOSTPKIOperation\nSHA-256\r\nSCEPStandard\n'), Buffer.from('\n')],
      mutate: textMutator(['AES', 'SHA-512', 'Renewal', 'POSTPKIOperation', '\r', '\n']),
      mostOctets: 64 * 1024,
      refuses: [],
      run: (input) => {
        const read = parseCapabilities(input.toString('latin1'));
        return read.has('scepstandard') || read.has('AES') ? 'modern' : 'old';
      },
    }),
  },
  {
    name: 'issuer-and-serial',
    about: 'the content of GetCert and GetCRL',
    prepare: async () => {
      const certificates = await certificateExamples();
      const known = certificates.map(({ issuer }) => issuer);
      return {
        seeds: certificates.map(issuerAndSerial),
        mutate: mutateDer,
        refuses: ['cms.malformed', 'asn1.*'],
        run: (input) => {
          const { serial } = parseIssuerAndSerial(input, known);
          if (serial.length > 44) throw new Error('a serial beyond its limit');
          return 'ok';
        },
      };
    },
  },
];
