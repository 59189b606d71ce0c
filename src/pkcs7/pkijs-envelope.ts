import {
  ContentInfo,
  EnvelopedData,
  IssuerAndSerialNumber,
  KeyTransRecipientInfo,
  PasswordRecipientinfo,
  type RecipientInfo,
} from 'pkijs';
import { der, parseBer, tag, type BerNode } from '../asn1/index.js';
import { readCipher } from './algorithm-identifier.js';
import { ciphers, cmsOids, type ContentCipher } from './algorithms.js';
import {
  identifies,
  readCertificateIdentifier,
  type CertificateIdentifier,
} from './certificate-identifier.js';
import { asMalformed, undecryptable } from './cms-error.js';
import type {
  Envelope,
  KeyTransport,
  OpenedEnvelope,
  RecipientKey,
  RsaKeyTransport,
} from './codec.js';
import { unwrapContentKey } from './content-key.js';
import { definiteForm } from './definite-form.js';
import type { GatewayEngine } from './gateway-engine.js';
import { readKeyTransport } from './key-transport.js';
import {
  readPasswordRecipient,
  unwrapWithPassword,
  type PasswordRecipient,
} from './password-recipient.js';
import { toBlock, toDer, toNode, underSchema } from './pkijs-blocks.js';

/** RSA operations one message may cost us, and password derivations. */
const maxKeyAttempts = 8;
const maxPasswordAttempts = 2;

/**
 * EnvelopedData (RFC 5652 §6.1) read through pkijs. pkijs' own decrypt() throws for RSAES-PKCS1-v1_5 on
 * Node 20 and knows no PWRI-KEK, so content keys come from this room's primitives, and the content from
 * the engine.
 */
export class PkijsEnvelope implements Envelope {
  readonly cipher: ContentCipher;
  readonly keyTransports: readonly KeyTransport[];
  readonly #iv: Buffer;
  readonly #encryptedContent: Buffer;
  readonly #recipients: readonly Recipient[];

  private constructor({ encryptedContentInfo, recipientInfos }: EnvelopedData) {
    const { contentEncryptionAlgorithm } = encryptedContentInfo;
    const { cipher, iv } = readCipher(parseBer(toDer(contentEncryptionAlgorithm)));
    this.cipher = cipher;
    this.#iv = iv;
    this.#encryptedContent = Buffer.from(encryptedContentInfo.getEncryptedContent());
    this.#recipients = recipientInfos.flatMap(readRecipient);
    this.keyTransports = this.#recipients.map(({ transport }) => transport);
  }

  /** @throws GatewayError `asn1.*`, `cms.malformed`, `cms.algorithm` */
  static read(content: Buffer): PkijsEnvelope {
    const root = parseBer(content);
    return asMalformed(() => {
      const envelopedData = underSchema('EnvelopedData', () => {
        const info = new ContentInfo({ schema: toBlock(whatCounts(root)) });
        if (info.contentType !== cmsOids.envelopedData) throw new RangeError(info.contentType);
        return new EnvelopedData({ schema: info.content });
      });
      return new PkijsEnvelope(envelopedData);
    });
  }

  /** @throws GatewayError `cms.undecryptable`, or what the key's store throws when it is out of reach */
  async open(
    engine: GatewayEngine,
    keys: readonly RecipientKey[],
    password: string | undefined,
  ): Promise<OpenedEnvelope> {
    const { cipher } = this;
    for (const { info, recipient } of this.#keyAttempts(keys)) {
      const { keyLength } = ciphers[cipher];
      const { transport, encryptedKey } = info;
      const key = await unwrapContentKey(recipient.key, transport, encryptedKey, keyLength);
      const content = await this.#decrypt(engine, key);
      if (content) return { content, cipher, keyTransport: transport, recipient };
    }
    if (password === undefined) throw undecryptable();
    const passwordInfos = this.#recipients.filter((info) => info.kind === 'password');
    for (const { transport, parameters } of passwordInfos.slice(0, maxPasswordAttempts)) {
      const key = await unwrapWithPassword(parameters, password);
      const content = key && (await this.#decrypt(engine, key));
      if (content) return { content, cipher, keyTransport: transport, recipient: undefined };
    }
    throw undecryptable();
  }

  /**
   * The recipientInfos that name a certificate of ours; where none does, each with every key its size
   * fits, because clients also name the CA or a former RA certificate (P9, P10 of the interop notes).
   */
  #keyAttempts(keys: readonly RecipientKey[]): readonly KeyAttempt[] {
    const attempts = this.#recipients.flatMap((info) =>
      info.kind === 'key-transport' ? keys.map((recipient) => ({ info, recipient })) : [],
    );
    const named = attempts.filter(({ info, recipient }) =>
      identifies(info.identifier, recipient.certificate),
    );
    const fitting = attempts.filter(
      ({ info, recipient }) =>
        info.encryptedKey.length === Math.ceil(recipient.key.publicKey.bits / 8),
    );
    return (named.length > 0 ? named : fitting).slice(0, maxKeyAttempts);
  }

  /** A wrong key is told from the right one by what comes out: one BER element (RFC 8894 §3.1), or not. */
  async #decrypt(engine: GatewayEngine, key: Buffer): Promise<Buffer | undefined> {
    if (key.length !== ciphers[this.cipher].keyLength) return undefined;
    try {
      const content = await engine.decryptContent(
        this.cipher,
        key,
        this.#iv,
        this.#encryptedContent,
      );
      parseBer(content);
      return content;
    } catch {
      return undefined;
    }
  }
}

type Recipient =
  | {
      readonly kind: 'key-transport';
      readonly identifier: CertificateIdentifier;
      readonly transport: RsaKeyTransport;
      readonly encryptedKey: Buffer;
    }
  | {
      readonly kind: 'password';
      readonly transport: { readonly kind: 'password' };
      readonly parameters: PasswordRecipient;
    };

interface KeyAttempt {
  readonly info: Extract<Recipient, { kind: 'key-transport' }>;
  readonly recipient: RecipientKey;
}

/**
 * The message in definite form, without what nobody reads (originatorInfo, unprotectedAttrs, kinds of
 * recipientInfo the gateway cannot use): the schemas of pkijs would refuse a message over it.
 */
function whatCounts(contentInfo: BerNode): Buffer {
  const envelopedData = contentInfo.child(1).child(0);
  const [version, ...fields] = envelopedData.children;
  const [recipients, encryptedContentInfo] =
    fields[0]?.tag === tag.contextConstructed(0) ? fields.slice(1) : fields;
  if (!version || !recipients || !encryptedContentInfo) throw new RangeError('fields missing');
  const usable = recipients
    .require(tag.set)
    .children.filter(
      ({ tag: kind }) => kind === tag.sequence || kind === tag.contextConstructed(3),
    );
  return der.sequence(
    definiteForm(contentInfo.child(0)),
    der.contextConstructed(
      0,
      der.sequence(
        definiteForm(version),
        der.setInOrder(...usable.map(definiteForm)),
        definiteForm(encryptedContentInfo),
      ),
    ),
  );
}

/** None for kinds and algorithms the gateway cannot use. */
function readRecipient({ value }: RecipientInfo): Recipient[] {
  if (value instanceof PasswordRecipientinfo) {
    const parameters = readPasswordRecipient(parseBer(toDer(value)));
    return parameters ? [{ kind: 'password', transport: { kind: 'password' }, parameters }] : [];
  }
  if (!(value instanceof KeyTransRecipientInfo)) return [];
  const transport = readKeyTransport(parseBer(toDer(value.keyEncryptionAlgorithm)));
  if (transport === undefined) return [];
  const encryptedKey = Buffer.from(value.encryptedKey.getValue());
  return [{ kind: 'key-transport', identifier: readIdentifier(value), transport, encryptedKey }];
}

function readIdentifier({ rid }: KeyTransRecipientInfo): CertificateIdentifier {
  if (rid instanceof IssuerAndSerialNumber) return readCertificateIdentifier(parseBer(toDer(rid)));
  return { kind: 'subject-key-identifier', keyIdentifier: toNode(rid).octets() };
}
