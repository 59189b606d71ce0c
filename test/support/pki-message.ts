/** SCEP requests and replies for tests: every field can be made odd, which a real client would not allow. */
import { randomBytes } from 'node:crypto';
import { der } from '../../src/asn1/index.js';
import {
  createFastCodec,
  type ContentCipher,
  type DigestAlgorithm,
  type EnvelopeRecipient,
  type Pkcs7Codec,
  type SignedMessage,
} from '../../src/pkcs7/index.js';
import {
  type DecryptionKey,
  extendedKeyUsage,
  extendedKeyUsages,
  keyUsage,
  type Certificate,
  type SigningKey,
} from '../../src/x509/index.js';
import { certificationRequest, issuedBy, selfSigned } from './certificates.js';
import { testKey, type TestKeyName } from './keys.js';

/** Wire values of RFC 8894 §3.2.1.2, written out so that tests do not lean on the code they test. */
export const wire = {
  CertRep: '3',
  RenewalReq: '17',
  UpdateReq: '18',
  PKCSReq: '19',
  CertPoll: '20',
  GetCert: '21',
  GetCRL: '22',
} as const;

export const attributeOids = {
  messageType: '2.16.840.1.113733.1.9.2',
  pkiStatus: '2.16.840.1.113733.1.9.3',
  failInfo: '2.16.840.1.113733.1.9.4',
  senderNonce: '2.16.840.1.113733.1.9.5',
  recipientNonce: '2.16.840.1.113733.1.9.6',
  transactionId: '2.16.840.1.113733.1.9.7',
  failInfoText: '1.3.6.1.5.5.7.24.1',
} as const;

export interface TestSigner {
  readonly certificate: Certificate;
  readonly key: SigningKey & DecryptionKey;
}

export interface PkiMessageOptions {
  readonly codec?: Pkcs7Codec;
  readonly signer: TestSigner;
  /** RA encryption certificates. */
  readonly recipients: readonly Certificate[];
  /** Plaintext of the envelope: CSR, IssuerAndSubject, IssuerAndSerialNumber. */
  readonly content?: Buffer;
  /** eContent as it stands, instead of an envelope round `content`; null leaves it out. */
  readonly envelope?: Buffer | null;
  /** Decimal text; defaults to PKCSReq. */
  readonly messageType?: string;
  /** Defaults to a fixed text. */
  readonly transactionId?: string;
  /** Defaults to 16 random octets; null leaves it out. */
  readonly senderNonce?: Buffer | null;
  readonly digest?: DigestAlgorithm;
  readonly cipher?: ContentCipher;
  readonly keyTransport?: Extract<EnvelopeRecipient, { kind: 'certificate' }>['keyTransport'];
  /** Whole DER values that replace, or with null remove, the attribute of that OID. */
  readonly attributes?: Readonly<Record<string, Buffer | null>>;
  /** The certificates carried along; defaults to the signer's. */
  readonly certificates?: readonly Certificate[];
}

/** A signed pkiMessage, DER. */
export async function pkiMessage(options: PkiMessageOptions): Promise<Buffer> {
  const { codec = createFastCodec(), signer, digest = 'sha256' } = options;
  return codec.sign({
    content: await eContent(options, codec),
    digest,
    attributes: attributesOf(options),
    signer,
    certificates: options.certificates ?? [signer.certificate],
  });
}

async function eContent(
  options: PkiMessageOptions,
  codec: Pkcs7Codec,
): Promise<Buffer | undefined> {
  if (options.envelope === null) return undefined;
  if (options.envelope !== undefined) return options.envelope;
  const { content = Buffer.alloc(0), cipher = 'aes-128-cbc' } = options;
  const keyTransport = options.keyTransport ?? { kind: 'rsaes-pkcs1-v1_5' };
  return codec.seal(
    content,
    cipher,
    options.recipients.map((certificate) => ({ kind: 'certificate', certificate, keyTransport })),
  );
}

function attributesOf(options: PkiMessageOptions): { oid: string; value: Buffer }[] {
  const { messageType = wire.PKCSReq, transactionId = 'transaction-1' } = options;
  const values: Record<string, Buffer | null> = {
    [attributeOids.messageType]: der.printableString(messageType),
    [attributeOids.transactionId]: der.printableString(transactionId),
    [attributeOids.senderNonce]:
      options.senderNonce === null ? null : der.octetString(options.senderNonce ?? randomBytes(16)),
    ...options.attributes,
  };
  return Object.entries(values).flatMap(([oid, value]) => (value === null ? [] : [{ oid, value }]));
}

/** IssuerAndSerialNumber (RFC 5652 §10.2.4) of a certificate. */
export function issuerAndSerial({ issuer, serialBytes }: Certificate): Buffer {
  return der.sequence(issuer.der, der.integerFromBytes(serialBytes));
}

/** IssuerAndSubject (RFC 8894 §3.3.3). */
export function issuerAndSubject(issuer: Certificate, subject: Certificate): Buffer {
  return der.sequence(issuer.subject.der, subject.subject.der);
}

/** A CA with the two RA certificates of an NDES. */
export interface TestAuthority {
  readonly ca: TestSigner;
  readonly raSigning: TestSigner;
  readonly raEncryption: TestSigner;
}

export async function testAuthority(caSubject = 'CN=Test CA,O=Example'): Promise<TestAuthority> {
  const caKey = testKey('ca');
  const ca = {
    key: caKey,
    certificate: await selfSigned(caKey, {
      subject: caSubject,
      extensions: [keyUsage(['keyCertSign', 'cRLSign'])],
    }),
  };
  const agent = extendedKeyUsage([extendedKeyUsages.certificateRequestAgent]);
  const ra = async (
    name: TestKeyName,
    usage: 'digitalSignature' | 'keyEncipherment',
  ): Promise<TestSigner> => ({
    key: testKey(name),
    certificate: await issuedBy(ca, testKey(name).publicKey, {
      subject: 'CN=Test RA,O=Example',
      extensions: [keyUsage([usage]), agent],
    }),
  });
  return {
    ca,
    raSigning: await ra('ra-sign', 'digitalSignature'),
    raEncryption: await ra('ra-encrypt', 'keyEncipherment'),
  };
}

/** A device with a fresh self-signed certificate for its key. */
export async function testDevice(
  name: TestKeyName = 'client',
  subject = 'CN=device-1,O=Example',
): Promise<TestSigner> {
  const key = testKey(name);
  return { key, certificate: await selfSigned(key, { subject }) };
}

export function testRequest(
  device: TestSigner,
  options: Parameters<typeof certificationRequest>[1] = {},
): Promise<Buffer> {
  return certificationRequest(device.key, {
    subject: 'CN=device-1,O=Example',
    challengePassword: 'C0FFEE00C0FFEE00',
    ...options,
  });
}

/** A CertRep as a strict reader sees it. */
export interface ReadReply {
  readonly message: SignedMessage;
  readonly messageType: string | undefined;
  readonly pkiStatus: string | undefined;
  readonly failInfo: string | undefined;
  readonly failInfoText: string | undefined;
  readonly transactionId: string | undefined;
  readonly senderNonce: Buffer | undefined;
  readonly recipientNonce: Buffer | undefined;
  readonly digest: DigestAlgorithm;
  readonly content: Buffer | undefined;
  /** Whole element of an attribute value, for types outside the list. */
  attribute(oid: string): Buffer | undefined;
}

/** Reads and verifies with the certificate that is expected to have signed. */
export function readReply(
  bytes: Buffer,
  signer: Certificate,
  codec: Pkcs7Codec = createFastCodec(),
): ReadReply {
  const message = codec.readSigned(bytes);
  if (message.signer === undefined) throw new Error('the reply is not signed');
  if (!codec.verifySigned(message, signer)) throw new Error('the reply does not verify');
  const { attributes, digest } = message.signer;
  const octets = (oid: string): Buffer | undefined => attributes.get(oid)?.[0]?.octets();
  const text = (oid: string): string | undefined => octets(oid)?.toString('utf8');
  return {
    message,
    messageType: text(attributeOids.messageType),
    pkiStatus: text(attributeOids.pkiStatus),
    failInfo: text(attributeOids.failInfo),
    failInfoText: text(attributeOids.failInfoText),
    transactionId: text(attributeOids.transactionId),
    senderNonce: octets(attributeOids.senderNonce),
    recipientNonce: octets(attributeOids.recipientNonce),
    digest,
    content: message.content,
    attribute: (oid) => attributes.get(oid)?.[0]?.raw,
  };
}
