import { hash } from 'node:crypto';
import { der, tag } from '../asn1/index.js';
import type { Certificate } from '../x509/index.js';
import { writeCipher, writeDigest, writeSignatureAlgorithm } from './algorithm-identifier.js';
import { ciphers, cmsOids, type ContentCipher } from './algorithms.js';
import { writeIssuerAndSerial } from './certificate-identifier.js';
import { unusableRecipient } from './cms-error.js';
import type { EnvelopeRecipient, SignRequest } from './codec.js';
import { encryptContent, newContentKey } from './content-encryption.js';
import { writeContentInfo } from './content-info.js';
import { wrapContentKey } from './content-key.js';
import { writeKeyTransport } from './key-transport.js';
import { writePasswordRecipient } from './password-recipient.js';

type RandomBytes = (size: number) => Buffer;

/** SignedData and EnvelopedData in DER (RFC 5652 §5.1, §6.1). */
export class FastWriter {
  readonly #randomBytes: RandomBytes;
  /** The same few RA certificates sign every reply. */
  readonly #identifiers = new WeakMap<Certificate, Buffer>();

  constructor(randomBytes: RandomBytes) {
    this.#randomBytes = randomBytes;
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
    // RFC 5652 §6.1: 3 as soon as a password recipient is among them.
    const version = recipients.some(({ kind }) => kind === 'password') ? 3 : 0;
    return writeContentInfo(
      cmsOids.envelopedData,
      der.sequence(
        der.unsignedInteger(version),
        der.setOf(...infos),
        der.sequence(
          der.oid(cmsOids.data),
          writeCipher({ cipher, iv }),
          der.context(0, encryptContent(cipher, key, iv, content)),
        ),
      ),
    );
  }

  async sign({ content, contentType = cmsOids.data, ...request }: SignRequest): Promise<Buffer> {
    const { digest, signer, certificates } = request;
    const contentDigest = hash(digest, content ?? Buffer.alloc(0), 'buffer');
    const attributes = der.setOf(
      writeAttribute(cmsOids.contentType, der.oid(contentType)),
      writeAttribute(cmsOids.messageDigest, der.octetString(contentDigest)),
      ...request.attributes.map(({ oid, value }) => writeAttribute(oid, value)),
    );
    const signature = await signer.key.sign(digest, attributes);
    const signerInfo = der.sequence(
      der.unsignedInteger(1),
      this.#identifier(signer.certificate),
      writeDigest(digest),
      retagged(attributes, tag.contextConstructed(0)),
      writeSignatureAlgorithm(signer.key.publicKey, digest),
      der.octetString(signature),
    );
    return writeContentInfo(
      cmsOids.signedData,
      der.sequence(
        // RFC 5652 §5.1.
        der.unsignedInteger(contentType === cmsOids.data ? 1 : 3),
        der.setOf(writeDigest(digest)),
        writeEncapsulated(contentType, content),
        ...writeCertificates(certificates),
        der.setOf(signerInfo),
      ),
    );
  }

  async #recipientInfo(
    recipient: EnvelopeRecipient,
    contentKey: Buffer,
    cipher: ContentCipher,
  ): Promise<Buffer> {
    if (recipient.kind === 'password')
      return writePasswordRecipient(recipient.password, contentKey, cipher, this.#randomBytes);
    const { certificate, keyTransport } = recipient;
    return der.sequence(
      der.unsignedInteger(0),
      this.#identifier(certificate),
      writeKeyTransport(keyTransport),
      der.octetString(wrapContentKey(certificate.publicKey, keyTransport, contentKey)),
    );
  }

  #identifier(certificate: Certificate): Buffer {
    let identifier = this.#identifiers.get(certificate);
    if (identifier === undefined) {
      identifier = writeIssuerAndSerial(certificate);
      this.#identifiers.set(certificate, identifier);
    }
    return identifier;
  }
}

function writeAttribute(type: string, value: Buffer): Buffer {
  return der.sequence(der.oid(type), der.setOf(value));
}

function writeEncapsulated(contentType: string, content: Buffer | undefined): Buffer {
  return content === undefined
    ? der.sequence(der.oid(contentType))
    : der.sequence(der.oid(contentType), der.contextConstructed(0, der.octetString(content)));
}

/** In the order given, not sorted: Apple takes the first for the signer's. */
function writeCertificates(certificates: readonly Certificate[]): Buffer[] {
  return certificates.length === 0
    ? []
    : [der.contextConstructed(0, ...certificates.map((certificate) => certificate.der))];
}

/** The same content under another tag: attributes are signed as SET and sent as `[0]` (RFC 5652 §5.4). */
function retagged(element: Buffer, identifier: number): Buffer {
  const copy = Buffer.from(element);
  copy[0] = identifier;
  return copy;
}
