/** Operations on messages that are made right and shall be wrong in one place. */
import { der, parseBer, tag, type BerNode } from '../../src/asn1/index.js';
import type { Certificate } from '../../src/x509/index.js';

/** `target` replaced by `replacement`, all lengths around it made right. */
export function replaceNode(root: BerNode, target: BerNode, replacement: Buffer): Buffer {
  if (root === target) return replacement;
  if (!root.constructed) return root.raw;
  const parts = root.children.map((child) => replaceNode(child, target, replacement));
  return der.element(root.tag, ...parts);
}

/** The fields of a SignedData message that tests operate on. */
function signedParts(message: Buffer) {
  const root = parseBer(message);
  const signedData = root.child(1).child(0);
  const signerInfos = signedData.children.at(-1)!;
  const signerInfo = signerInfos.child(0);
  const attributes = signerInfo.find(tag.contextConstructed(0))!;
  const certificates = signedData.children.find((node) => node.tag === tag.contextConstructed(0))!;
  return { root, signedData, signerInfos, signerInfo, attributes, certificates };
}

export function flipBit(bytes: Buffer, at: number, bit = 0): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = copy.readUInt8(at) ^ (1 << bit);
  return copy;
}

/** `depth` SEQUENCEs, each in the one before. */
export function nested(depth: number): Buffer {
  let inner = der.nul();
  for (let level = 0; level < depth; level++) inner = der.sequence(inner);
  return inner;
}

/** As `nested`, but of indefinite length: two octets a level, and no ends. */
export function nestedIndefinite(depth: number): Buffer {
  return Buffer.alloc(depth * 2, Buffer.from([tag.sequence, 0x80]));
}

export function withoutSigners(message: Buffer): Buffer {
  const { root, signerInfos } = signedParts(message);
  return replaceNode(root, signerInfos, der.setOf());
}

export function withoutAttributes(message: Buffer): Buffer {
  const { root, attributes } = signedParts(message);
  return replaceNode(root, attributes, Buffer.alloc(0));
}

/** Two members in the SET of an attribute. */
export function doubledValue(message: Buffer, oid: string): Buffer {
  const { root, attribute } = attributeOf(message, oid);
  const value = attribute.child(1).child(0).raw;
  return replaceNode(root, attribute.child(1), der.setInOrder(value, value));
}

export function doubledAttribute(message: Buffer, oid: string): Buffer {
  const { root, attributes, attribute } = attributeOf(message, oid);
  const parts = [...attributes.children.map(({ raw }) => raw), attribute.raw];
  return replaceNode(root, attributes, der.element(attributes.tag, ...parts));
}

/** Another signerInfo, whose signature is wrong, before or behind the right one. */
export function twoSigners(message: Buffer, wrong: 'first' | 'second'): Buffer {
  const { root, signerInfos, signerInfo } = signedParts(message);
  const forged = flipBit(signerInfo.raw, signerInfo.raw.length - 1);
  const both = wrong === 'first' ? [forged, signerInfo.raw] : [signerInfo.raw, forged];
  return replaceNode(root, signerInfos, der.setInOrder(...both));
}

/** Another certificate in front of the one that is there. */
export function withSecondCertificate(message: Buffer, { der: other }: Pick<Certificate, 'der'>) {
  const { root, certificates } = signedParts(message);
  const parts = [other, ...certificates.children.map(({ raw }) => raw)];
  return replaceNode(root, certificates, der.element(certificates.tag, ...parts));
}

function attributeOf(message: Buffer, oid: string) {
  const { root, attributes } = signedParts(message);
  const attribute = attributes.children.find((node) => node.child(0).oid() === oid)!;
  return { root, attributes, attribute };
}

export function withoutRecipients(envelope: Buffer): Buffer {
  const root = parseBer(envelope);
  const recipients = root.child(1).child(0).expect(1, tag.set);
  return replaceNode(root, recipients, der.setOf());
}

/** SHA-224, which the gateway does not know, in place of the signer's digest algorithm. */
export function withUnknownDigest(message: Buffer): Buffer {
  const { root, signerInfo } = signedParts(message);
  const sha224 = der.sequence(der.oid('2.16.840.1.101.3.4.2.4'), der.nul());
  return replaceNode(root, signerInfo.child(2), sha224);
}

/** The type of an attribute becomes an OID that ends in the middle of an arc. */
export function withBrokenType(message: Buffer, oid: string): Buffer {
  const { root, attribute } = attributeOf(message, oid);
  const broken = Buffer.from(attribute.child(0).raw);
  broken[broken.length - 1] = 0x81;
  return replaceNode(root, attribute.child(0), broken);
}
