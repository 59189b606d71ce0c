/** Signed attributes in the words of RFC 8894, and what is wrong with them. */
import { decodeText, decodeTime, tag, type BerNode } from '../../asn1/index.js';
import { readableOr } from '../../errors/index.js';
import { cmsOids, type MessageSigner } from '../../pkcs7/index.js';
import { failInfoFromWire } from '../failure.js';
import { describeMessageType, messageTypeFromWire, type MessageType } from '../message-type.js';
import { scepOids } from '../oids.js';

export interface NamedValue {
  readonly name: string;
  readonly value: string;
}

export function explainAttributes({ attributes }: MessageSigner): NamedValue[] {
  return [...attributes].map(([oid, values]) => ({
    name: attributeNames.get(oid) ?? oid,
    value: values.map((value) => describeValue(oid, value)).join(', '),
  }));
}

export function explainedMessageType(signer: MessageSigner): MessageType | undefined {
  const text = attributeText(signer, scepOids.messageType);
  return text === undefined ? undefined : messageTypeFromWire(text);
}

function attributeText({ attributes }: MessageSigner, oid: string): string | undefined {
  const [value] = attributes.get(oid) ?? [];
  return value && readableOr(undefined, () => decodeText(value));
}

/** Of any message; the status of a reply is looked at in `replyProblems`. */
export function attributeProblems(signer: MessageSigner): string[] {
  const { attributes } = signer;
  const problems: string[] = [];
  for (const [oid, values] of attributes) {
    if (values.length !== 1) {
      problems.push(
        `${attributeNames.get(oid) ?? oid} has ${values.length} values instead of one.`,
      );
    }
  }
  const [named] = attributes.get(scepOids.transactionId) ?? [];
  const transactionId = named && readableOr(undefined, () => named.octets());
  if (named === undefined) {
    problems.push('There is no transactionID: a server cannot answer this.');
  } else if (transactionId === undefined) {
    problems.push('The transactionID cannot be read.');
  } else if (transactionId.length === 0 || transactionId.length > 512) {
    problems.push(`The transactionID has ${transactionId.length} octets; 1 to 512 are accepted.`);
  }
  if (!attributes.has(scepOids.messageType)) problems.push('There is no messageType.');
  problems.push(...nonceProblems(attributes.get(scepOids.senderNonce)?.[0]));
  return problems;
}

export function replyProblems(signer: MessageSigner): string[] {
  const status = attributeText(signer, scepOids.pkiStatus)?.trim();
  const problems: string[] = [];
  if (!signer.attributes.has(scepOids.recipientNonce)) {
    problems.push('There is no recipientNonce: the client cannot tell which message is answered.');
  }
  if (status === undefined) problems.push('There is no pkiStatus.');
  else if (!statusNames.has(status)) {
    problems.push(`The pkiStatus ${JSON.stringify(status)} is unknown.`);
  }
  if (status === '2') {
    const failInfo = attributeText(signer, scepOids.failInfo) ?? '';
    if (failInfoFromWire(failInfo) === undefined) {
      problems.push('The reply says FAILURE without a failInfo that RFC 8894 knows.');
    }
  }
  return problems;
}

export function statusName(signer: MessageSigner): string | undefined {
  return statusNames.get(attributeText(signer, scepOids.pkiStatus)?.trim() ?? '');
}

const statusNames: ReadonlyMap<string, string> = new Map([
  ['0', 'SUCCESS'],
  ['2', 'FAILURE'],
  ['3', 'PENDING'],
]);

const attributeNames: ReadonlyMap<string, string> = new Map([
  ...Object.entries({ ...scepOids, transactionID: scepOids.transactionId })
    .filter(([name]) => name !== 'transactionId')
    .map(([name, oid]) => [oid, name] as const),
  [cmsOids.contentType, 'contentType'],
  [cmsOids.messageDigest, 'messageDigest'],
  [cmsOids.signingTime, 'signingTime'],
]);

function nonceProblems(nonce: BerNode | undefined): string[] {
  if (nonce === undefined) return ['There is no senderNonce: replies can be replayed.'];
  if (!nonce.is(tag.octetString)) return ['The senderNonce is no OCTET STRING.'];
  const length = readableOr(undefined, () => nonce.octets().length);
  if (length === undefined) return ['The senderNonce cannot be read.'];
  return length >= 1 && length <= 64
    ? []
    : [`The senderNonce has ${length} octets; 1 to 64 are accepted.`];
}

/** In words where it can be read, else as it came. */
function describeValue(oid: string, value: BerNode): string {
  return readableOr(undefined, () => inWords(oid, value)) ?? value.raw.toString('hex');
}

function inWords(oid: string, value: BerNode): string | undefined {
  const text = decodeText(value);
  switch (oid) {
    case scepOids.messageType:
      return describeMessageType(messageTypeFromWire(text ?? ''));
    case scepOids.pkiStatus:
      return statusNames.get(text?.trim() ?? '') ?? JSON.stringify(text);
    case scepOids.failInfo:
      return failInfoFromWire(text ?? '') ?? JSON.stringify(text);
    case cmsOids.contentType:
      return value.oid();
    case cmsOids.signingTime:
      return decodeTime(value).toISOString();
  }
  if (text === undefined) return undefined;
  return value.is(tag.octetString) ? value.octets().toString('hex') : printable(text);
}

/** What strangers send ends on a terminal. */
function printable(text: string): string {
  return /^[^\p{C}]*$/u.test(text) ? text : JSON.stringify(text);
}
