/** Cryptographic and structural faults before authorization: one answer for all of them. */
import { der } from '../../src/asn1/index.js';
import { createFastCodec } from '../../src/pkcs7/index.js';
import type { Certificate } from '../../src/x509/index.js';
import { issuedBy, selfSigned } from '../support/certificates.js';
import { testKey } from '../support/keys.js';
import { attributeOids, wire } from '../support/pki-message.js';
import { uniform } from './answer.js';
import { staticSecret, type Maker, type Row } from './maker.js';
import { ed25519Request } from './odd-requests.js';
import {
  doubledValue,
  flipBit,
  nested,
  twoSigners,
  withoutRecipients,
  withSecondCertificate,
} from './surgery.js';

export async function cryptoFaults(make: Maker): Promise<Row[]> {
  const rows = [
    ...(await signatureFaults(make)),
    ...(await envelopeFaults(make)),
    ...requestFaults(make),
    ...(await attributeFaults(make)),
  ];
  return rows.map(([name, bytes]): Row => [name, bytes, uniform]);
}

type Fault = readonly [name: string, bytes: Buffer | Promise<Buffer>];

async function signatureFaults({ message, device, otherDevice }: Maker): Promise<Fault[]> {
  const whole = await message();
  return [
    ['a signature with a flipped bit', flipBit(whole, whole.length - 1)],
    [
      'a signature of another key',
      message({ signer: { certificate: device.certificate, key: otherDevice.key } }),
    ],
    ['no signer certificate', message({ certificates: [] })],
    [
      'the signer certificate of another device',
      message({ certificates: [otherDevice.certificate] }),
    ],
    ['two signers, the first wrong', twoSigners(whole, 'first')],
    [
      'a certificate of the same name before the signer’s',
      withSecondCertificate(whole, await namesake(device.certificate)),
    ],
  ];
}

async function envelopeFaults(make: Maker): Promise<Fault[]> {
  const { message, envelope, csr, ca, ra, device } = make;
  const codec = createFastCodec();
  const underPassword = { kind: 'password', password: staticSecret } as const;
  return [
    ['encrypted to the CA instead of the RA', message({ recipients: [ca.certificate] })],
    ['encrypted to the device itself', message({ recipients: [device.certificate] })],
    ['encrypted to nobody', message({ envelope: withoutRecipients(envelope) })],
    [
      'encrypted to a key that only has the name of the RA',
      message({ recipients: [await namesake(ra.certificate)] }),
    ],
    [
      'encrypted under the challenge',
      message({ envelope: await codec.seal(csr, 'aes-128-cbc', [underPassword]) }),
    ],
    ['a bad padding', message({ envelope: flipBit(envelope, envelope.length - 17) })],
    ['ciphertext cut by a block', message({ envelope: envelope.subarray(0, -16) })],
    ['no envelope', message({ envelope: null })],
    ['an empty envelope', message({ envelope: Buffer.alloc(0) })],
    ['a CSR instead of an envelope', message({ envelope: csr })],
  ];
}

function requestFaults({ message, messageWithCsr, csr, device, otherDevice }: Maker): Fault[] {
  return [
    ['content that is no CSR', message({ content: Buffer.from('hello') })],
    ['empty content', message({ content: Buffer.alloc(0) })],
    ['a certificate instead of a CSR', message({ content: device.certificate.der })],
    ['content nested 33 deep', message({ content: nested(33) })],
    ['a CSR cut by one octet', message({ content: csr.subarray(0, -1) })],
    ['a CSR that does not verify', message({ content: flipBit(csr, csr.length - 1) })],
    [
      'a CSR for a key that did not sign it',
      messageWithCsr({ publicKey: otherDevice.key.publicKey }),
    ],
    ['a CSR of an Ed25519 key', message({ content: ed25519Request() })],
    ['GetCert of a CSR', message({ messageType: wire.GetCert })],
    ['GetCRL of a CSR', message({ messageType: wire.GetCRL })],
  ];
}

async function attributeFaults({ message }: Maker): Promise<Fault[]> {
  const { messageType } = attributeOids;
  const withType = (value: Buffer | null) => message({ attributes: { [messageType]: value } });
  return [
    ['no messageType', withType(null)],
    ['a messageType that is an INTEGER', withType(der.unsignedInteger(19))],
    ['an empty messageType', message({ messageType: '' })],
    ['a messageType of 33 characters', message({ messageType: '1'.repeat(33) })],
    ['a messageType of two values', doubledValue(await message(), messageType)],
    ['an empty senderNonce', message({ senderNonce: Buffer.alloc(0) })],
    ['a senderNonce of 1,000 octets', message({ senderNonce: Buffer.alloc(1000) })],
  ];
}

/** Issuer, serial and subject of the other, and a key of its own. */
async function namesake({ issuer, subject, serialBytes }: Certificate): Promise<Certificate> {
  const key = testKey('client-2');
  const certificate = await selfSigned(key, { subjectDer: issuer.der });
  return issuedBy({ certificate, key }, key.publicKey, {
    subjectDer: subject.der,
    serial: serialBytes,
  });
}
