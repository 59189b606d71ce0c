import { OctetString } from 'asn1js';
import {
  AlgorithmIdentifier,
  Attribute,
  Certificate as PkijsCertificate,
  ContentInfo,
  EncapsulatedContentInfo,
  EncryptedContentInfo,
  EnvelopedData,
  IssuerAndSerialNumber,
  KeyTransRecipientInfo,
  RecipientInfo,
  SignedAndUnsignedAttributes,
  SignedData,
  SignerInfo,
} from 'pkijs';
import { der, tag } from '../../asn1/index.js';
import type { Certificate } from '../../x509/index.js';
import { writeCipher, writeDigest, writeSignatureAlgorithm } from '../algorithm-identifier.js';
import { ciphers, cmsOids, digests, type ContentCipher } from '../algorithms.js';
import { writeIssuerAndSerial } from '../certificate-identifier.js';
import { unusableRecipient } from '../cms-error.js';
import type { EnvelopeRecipient, SignRequest } from '../codec.js';
import { newContentKey } from '../content-encryption.js';
import { wrapContentKey } from '../content-key.js';
import type { GatewayEngine } from './gateway-engine.js';
import { writeKeyTransport } from '../key-transport.js';
import { writePasswordRecipient } from '../password-recipient.js';
import { opaqueSequence, toBlock, toDer } from './blocks.js';

type RandomBytes = (size: number) => Buffer;

/**
 * SignedData and EnvelopedData built from pkijs classes (RFC 5652 §5.1, §6.1). Not with their sign() and
 * encrypt(): those want a WebCrypto key where ours are handles, sort no attributes, cut contents into
 * segments and know neither RSAES-PKCS1-v1_5 nor an 8-octet IV.
 */
export class PkijsWriter {
  readonly #engine: GatewayEngine;
  readonly #randomBytes: RandomBytes;

  constructor(engine: GatewayEngine, randomBytes: RandomBytes) {
    this.#engine = engine;
    this.#randomBytes = randomBytes;
  }

  async sign(request: SignRequest): Promise<Buffer> {
    const { content, contentType = cmsOids.data, digest, signer, certificates } = request;
    const signedAttrs = await this.#signedAttributes(request);
    const covered = toDer(signedAttrs);
    covered[0] = tag.set; // RFC 5652 §5.4
    const signerInfo = new SignerInfo({
      version: 1,
      sid: issuerAndSerial(signer.certificate),
      digestAlgorithm: algorithm(writeDigest(digest)),
      signedAttrs,
      // pkijs would write shaNWithRSA, which some clients refuse here.
      signatureAlgorithm: algorithm(writeSignatureAlgorithm(signer.key.publicKey, digest)),
      signature: new OctetString({ valueHex: await signer.key.sign(digest, covered) }),
    });
    const signedData = new SignedData({
      digestAlgorithms: [algorithm(writeDigest(digest))],
      encapContentInfo: encapsulated(contentType, content),
      signerInfos: [signerInfo],
      ...(certificates.length > 0 && { certificates: certificates.map(asReceived) }),
    });
    return contentInfo(cmsOids.signedData, signedData);
  }

  async seal(
    content: Buffer,
    cipher: ContentCipher,
    recipients: readonly EnvelopeRecipient[],
  ): Promise<Buffer> {
    if (recipients.length === 0) throw unusableRecipient('no recipient');
    const key = newContentKey(cipher, this.#randomBytes);
    const iv = this.#randomBytes(ciphers[cipher].ivLength);
    const infos = await Promise.all(
      recipients.map((recipient) => this.#recipientInfo(recipient, key, cipher)),
    );
    const encrypted = await this.#engine.encryptContent(cipher, key, iv, content);
    const envelopedData = new EnvelopedData({
      // RFC 5652 §6.1: 3 as soon as a password recipient is among them.
      version: recipients.some(({ kind }) => kind === 'password') ? 3 : 0,
      recipientInfos: sorted(infos),
      encryptedContentInfo: new EncryptedContentInfo({
        contentType: cmsOids.data,
        contentEncryptionAlgorithm: algorithm(writeCipher({ cipher, iv })),
        encryptedContent: new OctetString({ valueHex: encrypted }),
        disableSplit: true,
      }),
    });
    return contentInfo(cmsOids.envelopedData, envelopedData);
  }

  async #signedAttributes({
    content = Buffer.alloc(0),
    contentType = cmsOids.data,
    digest,
    attributes,
  }: SignRequest): Promise<SignedAndUnsignedAttributes> {
    const hash = this.#engine.getAlgorithmByOID(digests[digest].oid, true);
    const contentDigest = Buffer.from(await this.#engine.digest(hash, content));
    return new SignedAndUnsignedAttributes({
      type: 0,
      attributes: sorted([
        attribute(cmsOids.contentType, der.oid(contentType)),
        attribute(cmsOids.messageDigest, der.octetString(contentDigest)),
        ...attributes.map(({ oid, value }) => attribute(oid, value)),
      ]),
    });
  }

  async #recipientInfo(
    recipient: EnvelopeRecipient,
    contentKey: Buffer,
    cipher: ContentCipher,
  ): Promise<RecipientInfo> {
    if (recipient.kind === 'password') {
      const { password } = recipient;
      const info = await writePasswordRecipient(password, contentKey, cipher, this.#randomBytes);
      return new RecipientInfo({ schema: toBlock(info) });
    }
    const { certificate, keyTransport } = recipient;
    const encryptedKey = wrapContentKey(certificate.publicKey, keyTransport, contentKey);
    return new RecipientInfo({
      variant: 1,
      value: new KeyTransRecipientInfo({
        rid: issuerAndSerial(certificate),
        keyEncryptionAlgorithm: algorithm(writeKeyTransport(keyTransport)),
        encryptedKey: new OctetString({ valueHex: encryptedKey }),
      }),
    });
  }
}

/** pkijs writes every SET OF in the order of its array; DER wants it sorted (X.690 §11.6). */
function sorted<T extends Parameters<typeof toDer>[0]>(members: readonly T[]): T[] {
  return [...members].sort((a, b) => Buffer.compare(toDer(a), toDer(b)));
}

function attribute(type: string, value: Buffer): Attribute {
  return new Attribute({ type, values: [toBlock(value)] });
}

function algorithm(identifier: Buffer): AlgorithmIdentifier {
  return new AlgorithmIdentifier({ schema: toBlock(identifier) });
}

function issuerAndSerial(certificate: Certificate): IssuerAndSerialNumber {
  return new IssuerAndSerialNumber({ schema: toBlock(writeIssuerAndSerial(certificate)) });
}

function encapsulated(contentType: string, content: Buffer | undefined): EncapsulatedContentInfo {
  const info = new EncapsulatedContentInfo({ eContentType: contentType });
  // Set afterwards: the constructor would cut it into segments.
  if (content !== undefined) info.eContent = new WholeContent({ valueHex: content });
  return info;
}

/** Of another class than the default value, or pkijs would leave an empty content out. */
class WholeContent extends OctetString {}

/** A certificate goes out byte for byte; pkijs would parse and rebuild it. */
function asReceived({ der: bytes }: Certificate): PkijsCertificate {
  const certificate = new PkijsCertificate();
  certificate.toSchema = () => opaqueSequence(bytes);
  return certificate;
}

function contentInfo(contentType: string, content: SignedData | EnvelopedData): Buffer {
  return toDer(new ContentInfo({ contentType, content: content.toSchema() }));
}
