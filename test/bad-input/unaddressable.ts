/** What lacks all a CertRep could be addressed by: HTTP 400. */
import { der } from '../../src/asn1/index.js';
import { attributeOids } from '../support/pki-message.js';
import { noScepMessage } from './answer.js';
import type { Maker, Row } from './maker.js';
import {
  doubledAttribute,
  doubledValue,
  nested,
  nestedIndefinite,
  withBrokenType,
  withUnknownDigest,
  withoutAttributes,
  withoutSigners,
} from './surgery.js';

const noSignedData = noScepMessage('It is no CMS SignedData.');
const noTransactionId = noScepMessage('It has no transactionID.');
const unusableTransactionId = noScepMessage('Its transactionID cannot be used.');

export async function unaddressable(make: Maker): Promise<Row[]> {
  const { csr, envelope, message } = make;
  const whole = await message();
  const { messageType, transactionId } = attributeOids;
  return [
    ['one octet', Buffer.from([0x30]), noSignedData],
    ['text', Buffer.from('message=hello'), noSignedData],
    ['zeros', Buffer.alloc(1000), noSignedData],
    ['an empty SEQUENCE', der.sequence(), noSignedData],
    ['a CSR', csr, noSignedData],
    ['an EnvelopedData', envelope, noSignedData],
    ['a message cut in the middle', whole.subarray(0, whole.length >> 1), noSignedData],
    ['a message cut by one octet', whole.subarray(0, -1), noSignedData],
    ['a message with an octet behind', Buffer.concat([whole, Buffer.alloc(1)]), noSignedData],
    ['nested 33 deep', nested(33), noSignedData],
    ['nested 15,000 deep', nested(15_000), noSignedData],
    ['nested 32,000 deep without ends', nestedIndefinite(32_000), noSignedData],
    ['30,000 elements', der.sequence(Buffer.alloc(60_000, Buffer.from([5, 0]))), noSignedData],
    ['an attribute type that is no OID', withBrokenType(whole, messageType), noSignedData],
    [
      'an unknown digest and an attribute type that is no OID',
      withUnknownDigest(withBrokenType(whole, messageType)),
      noSignedData,
    ],
    ['no signer', withoutSigners(whole), noScepMessage('It is signed by nobody.')],
    ['no signed attributes', withoutAttributes(whole), noTransactionId],
    ['no transactionID', message({ attributes: { [transactionId]: null } }), noTransactionId],
    ['an empty transactionID', message({ transactionId: '' }), unusableTransactionId],
    [
      'a transactionID of 513 octets',
      message({ transactionId: 'T'.repeat(513) }),
      unusableTransactionId,
    ],
    [
      'a transactionID of 30,000 octets',
      message({ transactionId: 'T'.repeat(30_000) }),
      unusableTransactionId,
    ],
    ['two messageType attributes', doubledAttribute(whole, messageType), noSignedData],
    ['two transactionID attributes', doubledAttribute(whole, transactionId), noSignedData],
    ['a transactionID of two values', doubledValue(whole, transactionId), unusableTransactionId],
  ];
}
