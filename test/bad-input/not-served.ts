/** Readable messages that ask for what is not done here, or below the floor: told by name. */
import { certificationRequest } from '../support/certificates.js';
import { testKey } from '../support/keys.js';
import { issuerAndSerial, wire } from '../support/pki-message.js';
import { refused, type Told } from './answer.js';
import { subject, type Maker, type Row } from './maker.js';
import { withUnknownDigest } from './surgery.js';

export async function notServed(make: Maker): Promise<Row[]> {
  const { message, device, ecDevice, ca } = make;
  const unchallenged = await certificationRequest(testKey('client-p-256'), { subject });
  return [
    [
      'digest MD5',
      message({ digest: 'md5' }),
      badAlg('The digest MD5 is not allowed here. Allowed: SHA-1, SHA-256, SHA-384, SHA-512.'),
    ],
    [
      'cipher single DES',
      message({ cipher: 'des-cbc' }),
      badAlg(
        'The content cipher single DES is not allowed here. Allowed: 3DES, AES-128, AES-192, AES-256.',
      ),
    ],
    [
      'digest SHA-224',
      withUnknownDigest(await message()),
      badAlg('The digest is SHA-224, which is not supported.'),
    ],
    ['a CertRep', message({ messageType: wire.CertRep }), unserved('CertRep (3)')],
    ['UpdateReq', message({ messageType: wire.UpdateReq }), unserved('UpdateReq (18)')],
    ['messageType 99', message({ messageType: '99' }), unserved('"99"')],
    ['messageType PKCSReq in letters', message({ messageType: 'PKCSReq' }), unserved('"PKCSReq"')],
    [
      'a poll for an unknown transaction',
      message({ messageType: wire.CertPoll }),
      refused('There is no such transaction for this key; send the request again.'),
    ],
    [
      'GetCert of an unknown serial',
      message({ messageType: wire.GetCert, content: issuerAndSerial(device.certificate) }),
      refused('No certificate with this issuer and serial is known.', '4'),
    ],
    [
      'GetCRL of an unknown issuer',
      message({ messageType: wire.GetCRL, content: issuerAndSerial(device.certificate) }),
      refused('No CRL of this issuer is known.', '4'),
    ],
    [
      'GetCert signed with an EC key',
      message({
        messageType: wire.GetCert,
        signer: ecDevice,
        content: issuerAndSerial(ca.certificate),
      }),
      unanswerable('Sign the query with an RSA key.'),
    ],
    [
      'an EC key without challengePassword',
      message({ signer: ecDevice, content: unchallenged }),
      unanswerable('Send a challengePassword with the request, or use an RSA key.'),
    ],
    [
      'an EC signer with the CSR of another key',
      message({ signer: ecDevice }),
      unanswerable('Sign the message with the requested key, or use an RSA key.'),
    ],
  ];
}

function badAlg(text: string): Told {
  return refused(text, '0');
}

function unserved(messageType: string): Told {
  return refused(`The messageType ${messageType} is not served here.`);
}

function unanswerable(mend: string): Told {
  return badAlg(`A reply cannot be encrypted to the signer's key (EC P-256). ${mend}`);
}
