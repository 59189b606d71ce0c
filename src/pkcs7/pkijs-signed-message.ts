import { hash } from 'node:crypto';
import { OctetString } from 'asn1js';
import { ContentInfo, IssuerAndSerialNumber, SignedData, type SignerInfo } from 'pkijs';
import {
  defaultBerLimits,
  der,
  parseBer,
  tag,
  type BerLimits,
  type BerNode,
} from '../asn1/index.js';
import { Certificate } from '../x509/index.js';
import {
  readDigest,
  readSignatureAlgorithm,
  type SignatureAlgorithm,
} from './algorithm-identifier.js';
import { cmsOids } from './algorithms.js';
import {
  identifies,
  readCertificateIdentifier,
  type CertificateIdentifier,
} from './certificate-identifier.js';
import { asMalformed, malformed } from './cms-error.js';
import type { MessageSigner, SignedMessage } from './codec.js';
import { definiteForm } from './definite-form.js';
import { toBlock, toDer, toNode, underSchema } from './pkijs-blocks.js';
import { verifySignature } from './signature-verification.js';
import { signedEncodings } from './signed-attributes.js';

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
    return asMalformed(() => PkijsSignedMessage.#read(split(root)));
  }

  static #read({ certificates, crls, rest }: ReceivedSignedData): PkijsSignedMessage {
    const signedData = underSchema('SignedData', () => {
      const info = new ContentInfo({ schema: toBlock(rest) });
      if (info.contentType !== cmsOids.signedData) throw new RangeError(info.contentType);
      return new SignedData({ schema: info.content });
    });
    const { eContent, eContentType } = signedData.encapContentInfo;
    // One signer is what SCEP has (RFC 8894 §3.1); of several, the first speaks for the message.
    const [signerInfo] = signedData.signerInfos;
    return new PkijsSignedMessage(
      eContent === undefined ? undefined : contentOctets(eContent),
      eContentType,
      certificates,
      crls,
      signerInfo && readSigner(signerInfo, certificates),
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
    return (
      messageDigests.length === 1 &&
      messageDigests.every(
        (node) => node.is(tag.octetString) && node.octets().equals(contentDigest),
      ) &&
      contentTypes.every((node) => node.tag === tag.oid && node.oid() === this.contentType)
    );
  }
}

interface PkijsSigner extends MessageSigner {
  /** SET OF Attribute as received (in definite form); undefined when the content itself is signed. */
  readonly signedAttributes: BerNode | undefined;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signature: Buffer;
}

interface ReceivedSignedData {
  readonly certificates: readonly Certificate[];
  readonly crls: readonly Buffer[];
  /** The message without both sets, in definite form. */
  readonly rest: Buffer;
}

/**
 * Lifts certificates and CRLs out before pkijs reads the rest. It would parse every field of them, and
 * one odd certificate (a time of its own making, an extension pkijs knows better) would cost the message.
 */
function split(contentInfo: BerNode): ReceivedSignedData {
  const signedData = contentInfo.child(1).child(0);
  const [version, digests, content, ...sets] = signedData.children;
  if (!version || !digests || !content) throw malformed('fields missing');
  const certificates = sets.find((set) => set.tag === tag.contextConstructed(0));
  const crls = sets.find((set) => set.tag === tag.contextConstructed(1));
  const others = sets.filter((set) => set !== certificates && set !== crls);
  return {
    certificates: sequencesOf(certificates).map((node) => Certificate.fromNode(node)),
    crls: sequencesOf(crls).map((node) => node.raw),
    rest: der.sequence(
      definiteForm(contentInfo.child(0)),
      der.contextConstructed(
        0,
        der.sequence(
          definiteForm(version),
          definiteForm(digests),
          encapsulatedContent(content),
          ...others.map(definiteForm),
        ),
      ),
    ),
  };
}

/** An empty `[0]` counts as absent; the schema of pkijs refuses it. */
function encapsulatedContent(node: BerNode): Buffer {
  const empty = node.children[1]?.children.length === 0;
  return empty ? der.sequence(definiteForm(node.child(0))) : definiteForm(node);
}

/** Attribute certificates and other formats of the sets carry context tags; they are passed over. */
function sequencesOf(set: BerNode | undefined): readonly BerNode[] {
  return set?.children.filter((node) => node.tag === tag.sequence) ?? [];
}

function contentOctets(eContent: unknown): Buffer {
  if (!(eContent instanceof OctetString)) throw malformed('eContent is no OCTET STRING');
  return Buffer.from(eContent.getValue());
}

function readSigner(info: SignerInfo, certificates: readonly Certificate[]): PkijsSigner {
  const identifier = readIdentifier(info);
  const isIdentifiedBy = (certificate: Certificate): boolean => identifies(identifier, certificate);
  return {
    certificate: certificates.find(isIdentifiedBy),
    isIdentifiedBy,
    digest: readDigest(parseBer(toDer(info.digestAlgorithm))),
    attributes: readAttributes(info),
    signedAttributes: info.signedAttrs && parseBer(Buffer.from(info.signedAttrs.encodedValue)),
    signatureAlgorithm: readSignatureAlgorithm(parseBer(toDer(info.signatureAlgorithm))),
    signature: Buffer.from(info.signature.getValue()),
  };
}

function readIdentifier({ sid }: SignerInfo): CertificateIdentifier {
  return readCertificateIdentifier(
    sid instanceof IssuerAndSerialNumber ? parseBer(toDer(sid)) : toNode(sid),
  );
}

function readAttributes({ signedAttrs }: SignerInfo): ReadonlyMap<string, readonly BerNode[]> {
  const attributes = new Map<string, readonly BerNode[]>();
  for (const { type, values } of signedAttrs?.attributes ?? []) {
    if (attributes.has(type)) throw malformed(`attribute ${type} twice`);
    attributes.set(type, values.map(toNode));
  }
  return attributes;
}
