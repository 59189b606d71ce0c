/** A device whose every octet is made by the test, and a strict reader of what it is answered. */
import { randomBytes } from 'node:crypto';
import { expect } from '@jest/globals';
import { der, parseBer } from '../../src/asn1/index.js';
import {
  createFastCodec,
  type ContentCipher,
  type DigestAlgorithm,
  type KeyTransport,
} from '../../src/pkcs7/index.js';
import { readBundle, type Bundle } from '../../src/pkcs7/pkijs/index.js';
import {
  Certificate,
  extensionOids,
  readKeyUsage,
  verifyIssuedBy,
  type KeyUsage,
  type PublicKey,
} from '../../src/x509/index.js';
import {
  attributeOids,
  pkiMessage,
  readReply,
  type PkiMessageOptions,
  type ReadReply,
  type TestSigner,
} from '../support/pki-message.js';
import type { WireAnswer } from './wire.js';

/** What a device learnt from GetCACert. */
export interface Authority {
  readonly signing: Certificate;
  readonly encryption: Certificate;
  readonly issuer: Certificate;
  /** In the order received. */
  readonly all: readonly Certificate[];
}

/** Reads an answer to GetCACert by its content type, as RFC 8894 §4.2.1 has it. */
export function readAuthority({ status, headers, body }: WireAnswer): Authority {
  expect(status).toBe(200);
  const bare = headers.get('content-type') === 'application/x-x509-ca-cert';
  const all = bare ? [Certificate.fromDer(body)] : readBundle(body).certificates;
  const withUsage = (usage: KeyUsage): Certificate =>
    all.find((certificate) => {
      const extension = certificate.extension(extensionOids.keyUsage);
      return extension !== undefined && readKeyUsage(extension).includes(usage);
    }) ?? all[0]!;
  return {
    all,
    signing: withUsage('digitalSignature'),
    encryption: withUsage('keyEncipherment'),
    issuer: withUsage('keyCertSign'),
  };
}

/** The same without looking at the wire, for tests whose subject is another. */
export async function fetchAuthority(url: string): Promise<Authority> {
  const response = await fetch(`${url}?operation=GetCACert`);
  const body = Buffer.from(await response.arrayBuffer());
  return readAuthority({ status: response.status, headers: new Map(response.headers), body });
}

export interface DeviceMessage {
  readonly bytes: Buffer;
  readonly signer: TestSigner;
  /** Whole DER value of the attribute: type and octets must come back. */
  readonly transactionId: Buffer;
  readonly senderNonce: Buffer;
  readonly digest: DigestAlgorithm;
  readonly cipher: ContentCipher;
  readonly keyTransport: KeyTransport['kind'];
}

export interface DeviceMessageOptions extends Omit<
  PkiMessageOptions,
  'transactionId' | 'senderNonce' | 'digest' | 'cipher'
> {
  /** PrintableString unless a whole DER value is given. */
  readonly transactionId: string | Buffer;
  readonly senderNonce?: Buffer;
  readonly digest: DigestAlgorithm;
  readonly cipher: ContentCipher;
}

/** A message together with what its answer must mirror. */
export async function deviceMessage(options: DeviceMessageOptions): Promise<DeviceMessage> {
  const { signer, digest, cipher, senderNonce = randomBytes(16) } = options;
  const transactionId =
    typeof options.transactionId === 'string'
      ? der.printableString(options.transactionId)
      : options.transactionId;
  const bytes = await pkiMessage({
    ...options,
    transactionId: '',
    senderNonce,
    attributes: { ...options.attributes, [attributeOids.transactionId]: transactionId },
  });
  const keyTransport = options.keyTransport?.kind ?? 'rsaes-pkcs1-v1_5';
  return { bytes, signer, transactionId, senderNonce, digest, cipher, keyTransport };
}

/** A CertRep of any status: signed by the RA, for this message, in its digest. */
export function expectReply(
  { status, headers, body }: WireAnswer,
  { signing }: Authority,
  message: DeviceMessage,
): ReadReply {
  expect(status).toBe(200);
  expect(headers.get('content-type')).toBe('application/x-pki-message');
  const reply = readReply(body, signing);
  expect(reply.messageType).toBe('3');
  expect(reply.attribute(attributeOids.transactionId)).toEqual(message.transactionId);
  expect(reply.recipientNonce).toEqual(message.senderNonce);
  expect(reply.senderNonce?.length).toBe(16);
  expect(reply.digest).toBe(message.digest);
  return reply;
}

/** A SUCCESS, opened with the device's key; cipher and key transport are the request's. */
export async function expectSuccess(
  answer: WireAnswer,
  authority: Authority,
  message: DeviceMessage,
  password?: string,
): Promise<Bundle> {
  const reply = expectReply(answer, authority, message);
  expect(reply.failInfoText).toBeUndefined();
  expect(reply.pkiStatus).toBe('0');
  const codec = createFastCodec();
  const envelope = codec.readEnvelope(reply.content!);
  const opened = await codec.openEnvelope(envelope, {
    recipients: [message.signer],
    ...(password !== undefined && { password }),
  });
  expect(opened.cipher).toBe(message.cipher);
  expect(opened.keyTransport.kind).toBe(password === undefined ? message.keyTransport : 'password');
  expect(parseBer(opened.content).raw).toEqual(opened.content);
  return readBundle(opened.content);
}

/** A SUCCESS with one certificate for this key and name, under the CA. */
export async function expectIssued(
  answer: WireAnswer,
  authority: Authority,
  message: DeviceMessage,
  expected: {
    readonly subject: string;
    readonly publicKey?: PublicKey;
    readonly password?: string;
  },
): Promise<Certificate> {
  const bundle = await expectSuccess(answer, authority, message, expected.password);
  const [leaf] = bundle.certificates;
  expect(leaf?.subject.text).toBe(expected.subject);
  expect(leaf?.publicKey.id).toBe((expected.publicKey ?? message.signer.key.publicKey).id);
  expect(verifyIssuedBy(leaf!, authority.issuer)).toBe(true);
  expect(bundle.crls).toEqual([]);
  return leaf!;
}
