import { hash } from 'node:crypto';
import { OctetString } from 'asn1js';
import { SignedData, type SignerInfo } from 'pkijs';
import {
  defaultBerLimits,
  definiteForm,
  der,
  encodeOid,
  parseBer,
  tag,
  type BerLimits,
  type BerNode,
} from '../../asn1/index.js';
import { Certificate } from '../../x509/index.js';
import {
  readDigest,
  readSignatureAlgorithm,
  type SignatureAlgorithm,
} from '../algorithm-identifier.js';
import { cmsOids } from '../algorithms.js';
import { identifies, readCertificateIdentifier } from '../certificate-identifier.js';
import { asMalformed, malformed } from '../cms-error.js';
import type { MessageSigner, SignedMessage } from '../codec.js';
import { readContentInfo } from '../content-info.js';
import { toBlock, toDer, toNode, underSchema } from './blocks.js';
import { verifySignature } from '../signature-verification.js';
import { signedEncodings } from '../signed-attributes.js';

/** SignedData (RFC 5652 §5.1) read through pkijs. Plain values: a pkijs tree holds 70 KB for 2.6 KB of message. */
export class PkijsSignedMessage implements SignedMessage {
  private constructor(
    readonly content: Buffer | undefined,
    readonly contentType: string,
    readonly certificates: readonly Certificate[],
    readonly crls: readonly Buffer[],
    readonly signer: PkijsSigner | undefined,
  ) {}

  /** @throws GatewayError `asn1.*`, `cms.malformed`, `cms.algorithm` */
  static read(message: Buffer, limits: BerLimits = defaultBerLimits): PkijsSignedMessage {
    const root = parseBer(message, limits);
    return asMalformed(() => PkijsSignedMessage.#read(readContentInfo(root, cmsOids.signedData)));
  }

  static #read(received: BerNode): PkijsSignedMessage {
    const optional = received.children.slice(3);
    const certificates = sequencesIn(optional, tag.contextConstructed(0)).map((node) =>
      Certificate.fromNode(node),
    );
    const signerInfos = optional.find((node) => node.tag === tag.set);
    if (signerInfos === undefined) throw malformed('no signerInfos');
    // One signer is what SCEP has (RFC 8894 §3.1); of several, the first speaks for the message.
    const signerInfo = signerInfos.children[0];
    const parsed = underSchema(
      'SignedData',
      () => new SignedData({ schema: toBlock(skeleton(received, signerInfo)) }),
    );
    const { eContent } = parsed.encapContentInfo;
    return new PkijsSignedMessage(
      eContent === undefined ? undefined : contentOctets(eContent),
      received.child(2).child(0).oid(),
      certificates,
      sequencesIn(optional, tag.contextConstructed(1)).map((node) => node.raw),
      signerInfo && readSigner(signerInfo, parsed.signerInfos[0], certificates),
    );
  }

  /**
   * pkijs' own verify() is asynchronous, looks for the signer among the certificates of the message, and
   * compares no content type; so the checks of RFC 5652 §5.6 stand here.
   */
  verify(certificate: Certificate): boolean {
    const { signer, content = Buffer.alloc(0) } = this;
    if (signer === undefined) return false;
    const { digest, signatureAlgorithm, signature, signedAttributes } = signer;
    const candidates =
      signedAttributes === undefined ? [content] : [...signedEncodings(signedAttributes)];
    return (
      (signedAttributes === undefined || this.#agrees(signer, hash(digest, content, 'buffer'))) &&
      candidates.some((data) =>
        verifySignature(signatureAlgorithm, digest, certificate.publicKey, data, signature),
      )
    );
  }

  /** messageDigest once and right; contentType right where it is there. */
  #agrees({ attributes }: PkijsSigner, contentDigest: Buffer): boolean {
    const messageDigests = attributes.get(cmsOids.messageDigest) ?? [];
    const contentTypes = attributes.get(cmsOids.contentType) ?? [];
    const expected = encodeOid(this.contentType);
    return (
      messageDigests.length === 1 &&
      messageDigests.every(
        (node) => node.is(tag.octetString) && node.octets().equals(contentDigest),
      ) &&
      contentTypes.every((node) => node.tag === tag.oid && node.content.equals(expected))
    );
  }
}

interface PkijsSigner extends MessageSigner {
  /** SET OF Attribute as received (in definite form); undefined when the content itself is signed. */
  readonly signedAttributes: BerNode | undefined;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signature: Buffer;
}

/**
 * What pkijs is given: content and signer in definite form. Its schemas would refuse a whole message over
 * parts that nobody reads (versions, digestAlgorithms, unsigned attributes) or that are as odd as devices
 * make them and are read as values of `x509` (certificates, CRLs, the name and serial in the sid).
 */
function skeleton(signedData: BerNode, signerInfo: BerNode | undefined): Buffer {
  return der.sequence(
    der.unsignedInteger(1),
    der.setOf(),
    encapsulatedContent(signedData.expect(2, tag.sequence)),
    der.setOf(...(signerInfo === undefined ? [] : [signerSkeleton(signerInfo)])),
  );
}

function signerSkeleton(signerInfo: BerNode): Buffer {
  const attributes = signedAttributesOf(signerInfo);
  const [algorithm, signature] = attributes === undefined ? [3, 4] : [4, 5];
  return der.sequence(
    der.unsignedInteger(1),
    der.context(0, Buffer.alloc(0)),
    // Nobody reads the parameters of a digest.
    der.sequence(definiteForm(signerInfo.expect(2, tag.sequence).child(0))),
    // pkijs throws over an empty set; nothing verifies over it either.
    ...(attributes === undefined || attributes.children.length === 0
      ? []
      : [definiteForm(attributes)]),
    definiteForm(signerInfo.child(algorithm)),
    definiteForm(signerInfo.child(signature)),
  );
}

function signedAttributesOf(signerInfo: BerNode): BerNode | undefined {
  const node = signerInfo.child(3);
  return node.tag === tag.contextConstructed(0) ? node : undefined;
}

/** An empty `[0]` counts as absent; the schema of pkijs refuses it. */
function encapsulatedContent(node: BerNode): Buffer {
  const content = node.children[1]?.require(tag.contextConstructed(0));
  return content?.children.length === 0
    ? der.sequence(definiteForm(node.child(0)))
    : definiteForm(node);
}

/** Attribute certificates and other formats of the sets carry context tags; they are passed over. */
function sequencesIn(fields: readonly BerNode[], set: number): readonly BerNode[] {
  const found = fields.find((node) => node.tag === set);
  return found?.children.filter((node) => node.tag === tag.sequence) ?? [];
}

function contentOctets(eContent: unknown): Buffer {
  if (!(eContent instanceof OctetString)) throw malformed('eContent is no OCTET STRING');
  return Buffer.from(eContent.getValue());
}

function readSigner(
  received: BerNode,
  info: SignerInfo | undefined,
  certificates: readonly Certificate[],
): PkijsSigner {
  if (info === undefined) throw malformed('no SignerInfo');
  const signedAttributes = signedAttributesOf(received);
  const identifier = readCertificateIdentifier(received.child(1));
  const isIdentifiedBy = (certificate: Certificate): boolean => identifies(identifier, certificate);
  return {
    certificate: certificates.find(isIdentifiedBy),
    isIdentifiedBy,
    digest: readDigest(parseBer(toDer(info.digestAlgorithm))),
    attributes: readAttributes(info),
    signedAttributes:
      signedAttributes?.children.length === 0
        ? signedAttributes
        : info.signedAttrs && parseBer(Buffer.from(info.signedAttrs.encodedValue)),
    signatureAlgorithm: readSignatureAlgorithm(parseBer(toDer(info.signatureAlgorithm))),
    signature: Buffer.from(info.signature.getValue()),
  };
}

function readAttributes({ signedAttrs }: SignerInfo): ReadonlyMap<string, readonly BerNode[]> {
  const attributes = new Map<string, readonly BerNode[]>();
  for (const { type, values } of signedAttrs?.attributes ?? []) {
    if (attributes.has(type)) throw malformed(`attribute ${type} twice`);
    attributes.set(type, membersOf(values));
  }
  return attributes;
}

/** pkijs leaves `values` undefined for an empty SET, whatever its type says. */
function membersOf(values: readonly unknown[] | undefined): readonly BerNode[] {
  return values?.map(toNode) ?? [];
}
