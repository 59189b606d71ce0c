import { hash } from 'node:crypto';
import { parseBer, tag, type BerNode } from '../asn1/index.js';
import { Certificate } from '../x509/index.js';
import {
  readDigest,
  readSignatureAlgorithm,
  type SignatureAlgorithm,
} from './algorithm-identifier.js';
import { cmsOids, type DigestAlgorithm } from './algorithms.js';
import { identifies, readCertificateIdentifier } from './certificate-identifier.js';
import { asMalformed, malformed } from './cms-error.js';
import type { MessageSigner, SignedMessage } from './codec.js';
import { readContentInfo } from './content-info.js';
import { verifySignature } from './signature-verification.js';
import { readAttributes, signedEncodings } from './signed-attributes.js';

/** SignedData (RFC 5652 §5.1) as typed views over one parse of the message. */
export class FastSignedMessage implements SignedMessage {
  readonly contentType: string;
  readonly #type: BerNode;
  readonly #signerInfo: SignerInfo | undefined;

  private constructor(
    type: BerNode,
    readonly content: Buffer | undefined,
    readonly certificates: readonly Certificate[],
    readonly crls: readonly Buffer[],
    readonly signer: MessageSigner | undefined,
    signerInfo: SignerInfo | undefined,
  ) {
    this.#type = type;
    this.contentType = type.oid();
    this.#signerInfo = signerInfo;
  }

  /** @throws GatewayError `asn1.*`, `cms.malformed`, `cms.algorithm` */
  static read(message: Buffer): FastSignedMessage {
    const root = parseBer(message);
    return asMalformed(() => FastSignedMessage.#read(readContentInfo(root, cmsOids.signedData)));
  }

  static #read(signedData: BerNode): FastSignedMessage {
    const encapsulated = signedData.expect(2, tag.sequence);
    const optional = signedData.children.slice(3);
    const signerInfos = optional.find((node) => node.tag === tag.set);
    if (signerInfos === undefined) throw malformed('no signerInfos');
    const certificates = readCertificates(optional.find(isTagged(0)));
    // One signer is what SCEP has (RFC 8894 §3.1); of several, the first speaks for the message.
    const signerNode = signerInfos.children[0];
    const signerInfo = signerNode && readSignerInfo(signerNode);
    return new FastSignedMessage(
      encapsulated.child(0),
      readContent(encapsulated),
      certificates,
      readCrls(optional.find(isTagged(1))),
      signerInfo && toSigner(signerInfo, certificates),
      signerInfo,
    );
  }

  verify(certificate: Certificate): boolean {
    const signer = this.#signerInfo;
    if (signer === undefined) return false;
    const { digest, signatureAlgorithm, signedAttributes, signature } = signer;
    const covers = (data: Buffer): boolean =>
      verifySignature(signatureAlgorithm, digest, certificate.publicKey, data, signature);

    const content = this.content ?? Buffer.alloc(0);
    if (signedAttributes === undefined) return covers(content);
    if (!this.#agrees(signer.attributes, hash(digest, content, 'buffer'))) return false;
    for (const encoding of signedEncodings(signedAttributes)) if (covers(encoding)) return true;
    return false;
  }

  /** messageDigest must be there and right; contentType must be right where it is there (P2). */
  #agrees(attributes: MessageSigner['attributes'], contentDigest: Buffer): boolean {
    const [messageDigest, ...moreDigests] = attributes.get(cmsOids.messageDigest) ?? [];
    const contentTypes = attributes.get(cmsOids.contentType) ?? [];
    return (
      messageDigest?.is(tag.octetString) === true &&
      moreDigests.length === 0 &&
      messageDigest.octets().equals(contentDigest) &&
      contentTypes.every((type) => type.tag === tag.oid && type.content.equals(this.#type.content))
    );
  }
}

interface SignerInfo {
  readonly isIdentifiedBy: (certificate: Certificate) => boolean;
  readonly digest: DigestAlgorithm;
  readonly signedAttributes: BerNode | undefined;
  readonly attributes: MessageSigner['attributes'];
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signature: Buffer;
}

function readSignerInfo(node: BerNode): SignerInfo {
  const identifier = readCertificateIdentifier(node.child(1));
  const signedAttributes = node.child(3).tag === taggedSet ? node.child(3) : undefined;
  const next = signedAttributes === undefined ? 3 : 4;
  return {
    isIdentifiedBy: (certificate) => identifies(identifier, certificate),
    digest: readDigest(node.child(2)),
    signedAttributes,
    attributes: signedAttributes === undefined ? new Map() : readAttributes(signedAttributes),
    signatureAlgorithm: readSignatureAlgorithm(node.child(next)),
    signature: node.expect(next + 1, tag.octetString).octets(),
  };
}

const taggedSet = tag.contextConstructed(0);

function toSigner(
  { isIdentifiedBy, digest, attributes }: SignerInfo,
  certificates: readonly Certificate[],
): MessageSigner {
  return { certificate: certificates.find(isIdentifiedBy), isIdentifiedBy, digest, attributes };
}

/** `[0]` EXPLICIT OCTET STRING; an empty `[0]` counts as absent. */
function readContent(encapsulated: BerNode): Buffer | undefined {
  const explicit = encapsulated.children[1]?.require(tag.contextConstructed(0));
  if (explicit === undefined || explicit.children.length === 0) return undefined;
  return explicit.expect(0, tag.octetString).octets();
}

/** CertificateChoices: attribute certificates and PKCS#6 ones ([0] to [3]) are passed over. */
function readCertificates(set: BerNode | undefined): Certificate[] {
  const plain = set?.children.filter((node) => node.tag === tag.sequence) ?? [];
  return plain.map((node) => Certificate.fromNode(node));
}

/** RevocationInfoChoices: only CRLs. */
function readCrls(set: BerNode | undefined): Buffer[] {
  const crls = set?.children.filter((node) => node.tag === tag.sequence) ?? [];
  return crls.map((node) => node.raw);
}

function isTagged(n: number): (node: BerNode) => boolean {
  return (node) => node.tag === tag.contextConstructed(n);
}
