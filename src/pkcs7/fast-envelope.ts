import { parseBer, tag, type BerNode } from '../asn1/index.js';
import { readCipher } from './algorithm-identifier.js';
import { ciphers, cmsOids, type ContentCipher } from './algorithms.js';
import {
  describeIdentifier,
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
import { openContent } from './content-encryption.js';
import { readContentInfo } from './content-info.js';
import { unwrapContentKey } from './content-key.js';
import { readKeyTransport } from './key-transport.js';
import {
  readPasswordRecipient,
  unwrapWithPassword,
  type PasswordRecipient,
} from './password-recipient.js';

/** RSA operations one message may cost us, and password derivations. */
const maxKeyAttempts = 8;
const maxPasswordAttempts = 2;

/** EnvelopedData (RFC 5652 §6.1) as typed views over one parse. */
export class FastEnvelope implements Envelope {
  readonly cipher: ContentCipher;
  readonly keyTransports: readonly KeyTransport[];
  readonly #iv: Buffer;
  readonly #encryptedContent: Buffer;
  readonly #recipients: readonly Recipient[];

  private constructor(envelopedData: BerNode) {
    // originatorInfo [0] may stand in front, unprotectedAttrs [1] behind; neither matters.
    const at = envelopedData.child(1).tag === tag.contextConstructed(0) ? 2 : 1;
    const encrypted = envelopedData.expect(at + 1, tag.sequence);
    const { cipher, iv } = readCipher(encrypted.child(1));
    this.cipher = cipher;
    this.#iv = iv;
    this.#encryptedContent = encrypted.expect(2, tag.context(0)).octets();
    this.#recipients = envelopedData.expect(at, tag.set).children.flatMap(readRecipient);
    this.keyTransports = this.#recipients.map(({ transport }) => transport);
  }

  /** @throws GatewayError `asn1.*`, `cms.malformed`, `cms.algorithm` */
  static read(content: Buffer): FastEnvelope {
    const root = parseBer(content);
    return asMalformed(() => new FastEnvelope(readContentInfo(root, cmsOids.envelopedData)));
  }

  describeRecipients(): readonly string[] {
    return this.#recipients.map((info) =>
      info.kind === 'password' ? 'a password' : describeIdentifier(info.identifier),
    );
  }

  /** @throws GatewayError `cms.undecryptable`, or what the key's store throws when it is out of reach */
  async open(keys: readonly RecipientKey[], password: string | undefined): Promise<OpenedEnvelope> {
    return (
      (await this.#openWithKeys(keys)) ??
      (password === undefined ? undefined : await this.#openWithPassword(password)) ??
      raiseUndecryptable()
    );
  }

  async #openWithKeys(keys: readonly RecipientKey[]): Promise<OpenedEnvelope | undefined> {
    const { keyLength } = ciphers[this.cipher];
    for (const { info, recipient } of this.#keyAttempts(keys)) {
      const { transport, encryptedKey } = info;
      const key = await unwrapContentKey(recipient.key, transport, encryptedKey, keyLength);
      const content = this.#decrypt(key);
      if (content !== undefined)
        return { content, cipher: this.cipher, keyTransport: transport, recipient };
    }
    return undefined;
  }

  async #openWithPassword(password: string): Promise<OpenedEnvelope | undefined> {
    const infos = this.#recipients.filter((info) => info.kind === 'password');
    for (const { transport, parameters } of infos.slice(0, maxPasswordAttempts)) {
      const key = await unwrapWithPassword(parameters, password);
      const content = key && this.#decrypt(key);
      if (content !== undefined)
        return { content, cipher: this.cipher, keyTransport: transport, recipient: undefined };
    }
    return undefined;
  }

  /**
   * The recipientInfos that name a certificate of ours, if any do; else every one with every key, because
   * clients also name the CA, a former RA certificate, or a re-encoded issuer (P9, P10).
   */
  #keyAttempts(keys: readonly RecipientKey[]): readonly KeyAttempt[] {
    const all = this.#recipients.flatMap((info) =>
      info.kind === 'key-transport' ? keys.map((recipient) => ({ info, recipient })) : [],
    );
    const named = all.filter(({ info, recipient }) =>
      identifies(info.identifier, recipient.certificate),
    );
    return (named.length > 0 ? named : all.filter(isRightSize)).slice(0, maxKeyAttempts);
  }

  /**
   * Implicit rejection makes every content key a plausible one: undefined when `contentKey` is not the one,
   * or the content is no message of SCEP.
   */
  #decrypt(contentKey: Buffer): Buffer | undefined {
    return openContent(this.cipher, contentKey, this.#iv, this.#encryptedContent);
  }
}

type Recipient = KeyTransportRecipient | PasswordRecipientInfo;

interface KeyTransportRecipient {
  readonly kind: 'key-transport';
  readonly identifier: CertificateIdentifier;
  readonly transport: RsaKeyTransport;
  readonly encryptedKey: Buffer;
}

interface PasswordRecipientInfo {
  readonly kind: 'password';
  readonly transport: { readonly kind: 'password' };
  readonly parameters: PasswordRecipient;
}

interface KeyAttempt {
  readonly info: KeyTransportRecipient;
  readonly recipient: RecipientKey;
}

/** KeyTransRecipientInfo or `[3]` PasswordRecipientInfo; none for kinds the gateway cannot use. */
function readRecipient(node: BerNode): Recipient[] {
  if (node.tag === tag.contextConstructed(3)) {
    const parameters = readPasswordRecipient(node);
    return parameters ? [{ kind: 'password', transport: { kind: 'password' }, parameters }] : [];
  }
  if (node.tag !== tag.sequence) return [];
  const transport = readKeyTransport(node.child(2));
  if (transport === undefined) return [];
  const identifier = readCertificateIdentifier(node.child(1));
  const encryptedKey = node.expect(3, tag.octetString).octets();
  return [{ kind: 'key-transport', identifier, transport, encryptedKey }];
}

function isRightSize({ info, recipient }: KeyAttempt): boolean {
  return info.encryptedKey.length === Math.ceil(recipient.key.publicKey.bits / 8);
}

function raiseUndecryptable(): never {
  throw undecryptable();
}
