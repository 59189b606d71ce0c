import { der } from '../asn1/index.js';
import type { Certificate } from '../x509/index.js';
import { writeCipher } from './algorithm-identifier.js';
import { ciphers, cmsOids, type ContentCipher } from './algorithms.js';
import { writeIssuerAndSerial } from './certificate-identifier.js';
import { unusableRecipient } from './cms-error.js';
import type { EnvelopeRecipient, SignRequest } from './codec.js';
import { encryptContent, newContentKey } from './content-encryption.js';
import { writeContentInfo } from './content-info.js';
import { wrapContentKey } from './content-key.js';
import { writeKeyTransport } from './key-transport.js';
import { writePasswordRecipient } from './password-recipient.js';
import { writeSignedAttributes, writeSignedData, writeSignerInfo } from './signer-info.js';

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
    const attributes = writeSignedAttributes(
      contentType,
      content ?? Buffer.alloc(0),
      digest,
      request.attributes,
    );
    const identifier = this.#identifier(signer.certificate);
    const signerInfo = await writeSignerInfo(signer.key, identifier, digest, attributes);
    const signerInfos = [signerInfo];
    return writeSignedData({ contentType, content, digest, certificates, signerInfos });
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
