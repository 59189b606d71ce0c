/**
 * The codec seam: CMS bytes in, values out, and back (RFC 5652 as SCEP profiles it, RFC 8894 §3).
 * Two implementations, `pkijs` (the reference) and `fast` (the default), pass one contract and agree
 * on everything a peer can see.
 */
import type { BerNode } from '../asn1/index.js';
import type { Certificate, DecryptionKey, PublicKey, SigningKey } from '../x509/index.js';
import type { ContentCipher, DigestAlgorithm } from './algorithms.js';

/** The outer SignedData of a pkiMessage, parsed but not yet verified. */
export interface SignedMessage {
  /** eContent octets, BER segments joined; undefined when eContent is absent. */
  readonly content: Buffer | undefined;
  readonly contentType: string;
  /** In the order received. */
  readonly certificates: readonly Certificate[];
  /** CRLs carried along (GetCRL replies), DER, in the order received. */
  readonly crls: readonly Buffer[];
  /** The one signer; undefined for a degenerate (certs-only) SignedData. */
  readonly signer: MessageSigner | undefined;
}

export interface MessageSigner {
  /** Found by `sid` among `certificates`; undefined when the message does not carry it (NDES replies). */
  readonly certificate: Certificate | undefined;
  /** True when `sid` names this certificate (issuer and serial, or subject key identifier). */
  isIdentifiedBy(certificate: Certificate): boolean;
  readonly digest: DigestAlgorithm;
  /** Attribute type → the members of its SET as received (tag and octets, so that they can be echoed). */
  readonly attributes: ReadonlyMap<string, readonly BerNode[]>;
}

export type KeyTransport =
  | { readonly kind: 'rsaes-pkcs1-v1_5' }
  | {
      readonly kind: 'rsaes-oaep';
      readonly digest: DigestAlgorithm;
      readonly mgfDigest: DigestAlgorithm;
      readonly label: Buffer;
    }
  /** PasswordRecipientInfo (RFC 5652 §6.2.4, RFC 8894 §3.1): the challengePassword is the password. */
  | { readonly kind: 'password' };

export type RsaKeyTransport = Exclude<KeyTransport, { kind: 'password' }>;

/** An EnvelopedData, parsed but not decrypted: enough to check the floor before any RSA work. */
export interface Envelope {
  readonly cipher: ContentCipher;
  /** Of every recipientInfo, in order; kinds the gateway cannot use are left out. */
  readonly keyTransports: readonly KeyTransport[];
  /** Whom each of them names, for people: "CN=Test CA serial 01", "key identifier a1b2…", "a password". */
  describeRecipients(): readonly string[];
}

/** One of our keys that a device may have encrypted to. */
export interface RecipientKey {
  readonly certificate: Certificate;
  readonly key: DecryptionKey;
}

export interface OpenedEnvelope {
  readonly content: Buffer;
  readonly cipher: ContentCipher;
  /** How the key travelled, to be mirrored in the reply. */
  readonly keyTransport: KeyTransport;
  /** Which of our keys opened it; undefined for a password recipient. */
  readonly recipient: RecipientKey | undefined;
}

export type EnvelopeRecipient =
  | {
      readonly kind: 'certificate';
      readonly certificate: Certificate;
      readonly keyTransport: RsaKeyTransport;
    }
  /** For a client whose key cannot decrypt (EC): the password both sides know (RFC 8894 §3.1). */
  | { readonly kind: 'password'; readonly password: string };

export interface SignRequest {
  /** eContent; undefined leaves it out (PENDING and FAILURE, RFC 8894 §3.3.2). */
  readonly content: Buffer | undefined;
  /** Defaults to id-data. */
  readonly contentType?: string;
  readonly digest: DigestAlgorithm;
  /** Besides contentType and messageDigest, which the codec adds: type → one DER value. */
  readonly attributes: readonly { readonly oid: string; readonly value: Buffer }[];
  readonly signer: { readonly certificate: Certificate; readonly key: SigningKey };
  /** The outer certificate set, in this order; empty leaves the field out. */
  readonly certificates: readonly Certificate[];
}

export interface Pkcs7Codec {
  readonly name: 'fast' | 'pkijs';

  /**
   * Parses a ContentInfo with SignedData; the structural guard runs first.
   * @throws GatewayError `asn1.*`, `cms.malformed`, or `cms.algorithm` for a digest or signature
   * algorithm outside the tables
   */
  readSigned(message: Buffer): SignedMessage;

  /**
   * Verifies signature, messageDigest and contentType with the given certificate's key: PKCS#1 v1.5
   * under rsaEncryption or shaNWithRSA, RSASSA-PSS, ECDSA. A missing contentType attribute is let
   * through, a missing messageDigest is not. Dates and chains are the caller's business.
   * @returns false for any cryptographic disagreement; never throws for one
   */
  verifySigned(message: SignedMessage, certificate: Certificate): boolean;

  /**
   * Parses EnvelopedData (bare ContentInfo as it stands in eContent).
   * @throws GatewayError `asn1.*`, `cms.malformed`, or `cms.algorithm` for a cipher outside the table
   */
  readEnvelope(content: Buffer): Envelope;

  /**
   * Opens what `readEnvelope` of this codec returned. Matches recipients by issuer and serial, by
   * subject key identifier, then tries the keys. RSA unwrapping rejects implicitly: a bad key yields a
   * random content key, and every failure is the one `cms.undecryptable`. The content must be one BER
   * element (everything in SCEP is), which is how a wrong key shows.
   * `password` opens a PasswordRecipientInfo (client side, EC).
   * @throws GatewayError `cms.undecryptable`
   */
  openEnvelope(
    envelope: Envelope,
    keys: { readonly recipients: readonly RecipientKey[]; readonly password?: string },
  ): Promise<OpenedEnvelope>;

  /** DER ContentInfo with EnvelopedData; primitive `[0]` content. */
  seal(
    content: Buffer,
    cipher: ContentCipher,
    recipients: readonly EnvelopeRecipient[],
  ): Promise<Buffer>;

  /** DER ContentInfo with SignedData; attributes DER-sorted, rsaEncryption as signatureAlgorithm for RSA. */
  sign(request: SignRequest): Promise<Buffer>;
}

/** What a client may encrypt a reply to. */
export function canDecrypt(key: PublicKey): boolean {
  return key.kind === 'rsa';
}
