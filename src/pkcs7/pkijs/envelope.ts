import { EncryptedContentInfo, KeyTransRecipientInfo } from 'pkijs';
import { definiteForm, der, parseBer, tag, type BerNode } from '../../asn1/index.js';
import { isGatewayError } from '../../errors/index.js';
import { readCipher } from '../algorithm-identifier.js';
import { ciphers, cmsOids, type ContentCipher } from '../algorithms.js';
import {
  describeIdentifier,
  identifies,
  readCertificateIdentifier,
  type CertificateIdentifier,
} from '../certificate-identifier.js';
import { asMalformed, malformed, undecryptable } from '../cms-error.js';
import type {
  Envelope,
  KeyTransport,
  OpenedEnvelope,
  RecipientKey,
  RsaKeyTransport,
} from '../codec.js';
import { readContentInfo } from '../content-info.js';
import { unwrapContentKey } from '../content-key.js';
import type { GatewayEngine } from './gateway-engine.js';
import { readKeyTransport } from '../key-transport.js';
import {
  readPasswordRecipient,
  unwrapWithPassword,
  type PasswordRecipient,
} from '../password-recipient.js';
import { toBlock, toDer, underSchema } from './blocks.js';

/** RSA operations one message may cost us, and password derivations. */
const maxKeyAttempts = 8;
const maxPasswordAttempts = 2;

/**
 * EnvelopedData (RFC 5652 §6.1) read through the pkijs classes of its parts: pkijs' EnvelopedData refuses
 * a message over recipientInfos that are passed over here, and over an empty set of them. Its decrypt()
 * throws for RSAES-PKCS1-v1_5 on Node 20 and knows no PWRI-KEK, so content keys come from this room's
 * primitives, and the content from the engine.
 */
export class PkijsEnvelope implements Envelope {
  readonly cipher: ContentCipher;
  readonly keyTransports: readonly KeyTransport[];
  readonly #iv: Buffer;
  readonly #encryptedContent: Buffer;
  readonly #recipients: readonly Recipient[];

  private constructor(envelopedData: BerNode) {
    // originatorInfo [0] may stand in front, unprotectedAttrs [1] behind; neither matters.
    const at = envelopedData.child(1).tag === tag.contextConstructed(0) ? 2 : 1;
    const info = readEncryptedContentInfo(envelopedData.expect(at + 1, tag.sequence));
    const { cipher, iv } = readCipher(parseBer(toDer(info.contentEncryptionAlgorithm)));
    this.cipher = cipher;
    this.#iv = iv;
    this.#encryptedContent = Buffer.from(info.getEncryptedContent());
    this.#recipients = envelopedData.expect(at, tag.set).children.flatMap(readRecipient);
    this.keyTransports = this.#recipients.map(({ transport }) => transport);
  }

  /** @throws GatewayError `asn1.*`, `cms.malformed`, `cms.algorithm` */
  static read(content: Buffer): PkijsEnvelope {
    const root = parseBer(content);
    return asMalformed(() => new PkijsEnvelope(readContentInfo(root, cmsOids.envelopedData)));
  }

  describeRecipients(): readonly string[] {
    return this.#recipients.map((info) =>
      info.kind === 'password' ? 'a password' : describeIdentifier(info.identifier),
    );
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
    const decrypted = engine.decryptContent(this.cipher, key, this.#iv, this.#encryptedContent);
    const content = await decrypted.catch(() => undefined);
    return content !== undefined && isBer(content) ? content : undefined;
  }
}

/** More elements than the guard allows (a long CRL) is BER too, and for its reader to judge. */
function isBer(content: Buffer): boolean {
  try {
    parseBer(content);
    return true;
  } catch (error) {
    return isGatewayError(error) && error.code === 'asn1.limit';
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

/** The type of the content is not read, so pkijs is told the usual one. */
function readEncryptedContentInfo(node: BerNode): EncryptedContentInfo {
  const [, algorithm, content] = node.children;
  if (!algorithm || !content) throw malformed('no encrypted content');
  const schema = der.sequence(
    der.oid(cmsOids.data),
    definiteForm(algorithm),
    definiteForm(content),
  );
  return underSchema(
    'EncryptedContentInfo',
    () => new EncryptedContentInfo({ schema: toBlock(schema) }),
  );
}

/** None for kinds and algorithms the gateway cannot use. pkijs knows password recipients, but not PWRI-KEK. */
function readRecipient(node: BerNode): Recipient[] {
  if (node.tag === tag.contextConstructed(3)) {
    const parameters = readPasswordRecipient(node);
    return parameters ? [{ kind: 'password', transport: { kind: 'password' }, parameters }] : [];
  }
  if (node.tag !== tag.sequence) return [];
  // What stands round a transport that cannot be used is nobody's business.
  if (readKeyTransport(node.child(2)) === undefined) return [];
  const info = readKeyTransRecipientInfo(node);
  const transport = readKeyTransport(parseBer(toDer(info.keyEncryptionAlgorithm)));
  if (transport === undefined) return [];
  const identifier = readCertificateIdentifier(node.child(1));
  const encryptedKey = Buffer.from(info.encryptedKey.getValue());
  return [{ kind: 'key-transport', identifier, transport, encryptedKey }];
}

/** The rid holds a name and a serial as odd as a certificate's; it is read as values of `x509`. */
function readKeyTransRecipientInfo(node: BerNode): KeyTransRecipientInfo {
  const schema = der.sequence(
    der.unsignedInteger(2),
    der.context(0, Buffer.alloc(0)),
    definiteForm(node.child(2)),
    definiteForm(node.child(3)),
  );
  return underSchema(
    'KeyTransRecipientInfo',
    () => new KeyTransRecipientInfo({ schema: toBlock(schema) }),
  );
}
