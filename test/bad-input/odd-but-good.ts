/** Odd, as devices in the field are, and let in. */
import { der } from '../../src/asn1/index.js';
import { selfSigned } from '../support/certificates.js';
import type { TestSigner } from '../support/pki-message.js';
import { issued } from './answer.js';
import { subject, type Maker, type Row } from './maker.js';
import { twoSigners } from './surgery.js';

export async function oddButGood(make: Maker): Promise<Row[]> {
  const { message, messageWithCsr, device } = make;
  const sid = {
    oid: '1.3.6.1.4.1.311.25.2',
    critical: false,
    value: der.octetString(Buffer.from('S-1-5-21-1-2-3-500')),
  };
  return [
    ['nothing odd', message(), issued],
    ['no senderNonce', message({ senderNonce: null }), issued],
    ['a senderNonce of 8 octets', message({ senderNonce: Buffer.alloc(8, 1) }), issued],
    ['a transactionID of 512 octets', message({ transactionId: 'T'.repeat(512) }), issued],
    ['an expired signer certificate', message({ signer: await expired(device) }), issued],
    ['two signers, the second wrong', twoSigners(await message(), 'second'), issued],
    [
      'a SID extension, which is left out',
      messageWithCsr({ subject: 'CN=device-2,O=Example', extensions: [sid] }),
      issued,
    ],
  ];
}

async function expired({ key }: TestSigner): Promise<TestSigner> {
  const notBefore = new Date('2001-01-01T00:00:00Z');
  const notAfter = new Date('2002-01-01T00:00:00Z');
  return { key, certificate: await selfSigned(key, { subject, notBefore, notAfter }) };
}
