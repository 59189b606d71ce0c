/** Requests without authorization, or authorized and against the policy: the help desk can act on the text. */
import { der } from '../../src/asn1/index.js';
import type { Extension } from '../../src/x509/index.js';
import { certificationRequest, issuedBy } from '../support/certificates.js';
import { testKey } from '../support/keys.js';
import { wire, type TestSigner } from '../support/pki-message.js';
import { refused } from './answer.js';
import { subject, type Maker, type Row } from './maker.js';
import { exponentOneRequest } from './odd-requests.js';

export const challengeText =
  'The challenge password cannot be verified: it is unknown, expired, used already, or meant for another device. Obtain a new one.';

const missing = refused(
  'The request has no challenge password. Obtain one and put it into the request.',
);
const stranger = refused(
  'The renewal is not signed with a certificate that this profile issued; enroll with a challenge.',
);

export async function unauthorized(make: Maker): Promise<Row[]> {
  const { message, messageWithCsr } = make;
  const unchallenged = await certificationRequest(testKey('client'), { subject });
  return [
    ['no challenge', message({ content: unchallenged }), missing],
    ['a blank challenge', messageWithCsr({ challengePassword: '  ' }), missing],
    [
      'a challenge in another case',
      messageWithCsr({ challengePassword: 'A secret for bad input' }),
      refused(challengeText),
    ],
    [
      'a challenge of 20,000 characters',
      messageWithCsr({ challengePassword: 'x'.repeat(20_000) }),
      refused(challengeText),
    ],
    ['a renewal signed by a stranger', message({ messageType: wire.RenewalReq }), stranger],
    [
      'a renewal signed with a certificate that only names our CA',
      message({ messageType: wire.RenewalReq, signer: await forged(make) }),
      stranger,
    ],
  ];
}

/** Says that our CA issued it; our records know better. */
async function forged({ ca, device }: Maker): Promise<TestSigner> {
  const forger = { certificate: ca.certificate, key: testKey('client-2') };
  return {
    certificate: await issuedBy(forger, device.key.publicKey, { subject }),
    key: device.key,
  };
}

const accepted = 'this profile takes RSA 2048 to 8192, EC P-256, EC P-384, EC P-521';

export function againstPolicy({ message, messageWithCsr }: Maker): Row[] {
  const withExtension = (...extensions: Extension[]) => messageWithCsr({ extensions });
  return [
    [
      'an RSA key of 1024 bits',
      messageWithCsr({}, 'client-1024'),
      refused(
        `The key, RSA 1024, is too small; ${accepted}. Change the key size in the device's SCEP settings.`,
      ),
    ],
    [
      'an RSA key of exponent 1',
      message({ content: exponentOneRequest() }),
      refused('The public exponent of the RSA key is even or smaller than 3.'),
    ],
    [
      'an empty subject',
      messageWithCsr({ subject: '' }),
      refused('The subject is empty; this profile needs one, for example CN=device-name.'),
    ],
    [
      'a subject that is no text',
      messageWithCsr({ subjectDer: numberedSubject }),
      refused('The subject has a part that is not text.'),
    ],
    [
      'a CA certificate',
      withExtension(extension('2.5.29.19', der.sequence(der.boolean(true)))),
      refused('The request asks for a CA certificate; this gateway issues none.'),
    ],
    [
      'basicConstraints that cannot be read',
      withExtension(extension('2.5.29.19', der.utf8String('CA:TRUE'))),
      refused('The basicConstraints of the request cannot be read.'),
    ],
    [
      'a SAN that cannot be read',
      withExtension(extension('2.5.29.17', der.utf8String('dns:a'))),
      refused('The subjectAltName of the request cannot be read.'),
    ],
    [
      'a SID in the SAN',
      withExtension(extension('2.5.29.17', der.sequence(der.context(6, sidUri)))),
      refused(
        'The request asks for a Windows SID in the subjectAltName that nobody has vouched for.',
      ),
    ],
    [
      'two SAN extensions',
      withExtension(dnsName('a.example'), dnsName('b.example')),
      refused('The request carries the extension 2.5.29.17 twice.'),
    ],
    [
      'keyUsage of a CA',
      withExtension(extension('2.5.29.15', der.bitString(Buffer.from([0x06]), 1))),
      refused(
        'The request asks for keyUsage keyCertSign, cRLSign; this profile allows digitalSignature, keyEncipherment.',
      ),
    ],
    [
      'extendedKeyUsage of a server',
      withExtension(extension('2.5.29.37', der.sequence(der.oid('1.3.6.1.5.5.7.3.1')))),
      refused(
        'The request asks for extendedKeyUsage 1.3.6.1.5.5.7.3.1; this profile allows 1.3.6.1.5.5.7.3.2.',
      ),
    ],
  ];
}

const sidUri = Buffer.from('tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-500');
const commonName = der.oid('2.5.4.3');
const numberedSubject = der.sequence(der.setOf(der.sequence(commonName, der.unsignedInteger(7))));

function extension(oid: string, value: Buffer): Extension {
  return { oid, critical: false, value };
}

function dnsName(host: string): Extension {
  return extension('2.5.29.17', der.sequence(der.context(2, Buffer.from(host))));
}
